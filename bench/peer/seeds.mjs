// What follows from the number of a row. ../src/wire.rs and ../load/*.lua count in the same way.
const pad = (row, width) => String(row).padStart(width, '0');

export const order = (row) => `order-${row}`;
export const checkoutRequestId = (row) => `ws_CO_21112026${pad(row, 10)}`;
export const merchantRequestId = (row) => `29115-${pad(row, 8)}-1`;
export const phone = (row) => `2547${pad(row, 8)}`;
export const amount = (row) => 10 + (row % 5000);
