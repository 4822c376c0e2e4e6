// node orders.mjs seed DATABASE COUNT    fills an empty database with orders that wait for their callback
// node orders.mjs books DATABASE         prints what the books say, as JSON
// DATABASE is a file, or postgres://…
import * as postgres from './postgres.mjs';
import { amount, checkoutRequestId, merchantRequestId, order, phone } from './seeds.mjs';
import * as sqlite from './sqlite.mjs';

const [, , task, database, count] = process.argv;
const onPostgres = database.startsWith('postgres');
const born = 1_763_700_000_000;
const row = (n) => [order(n), checkoutRequestId(n), merchantRequestId(n), phone(n), amount(n), born + n, born + n];
const COLUMNS = 'id, checkout_request_id, merchant_request_id, phone, amount, created_at, updated_at';
const BOOKS = `SELECT (SELECT count(*) FROM orders WHERE status = 'paid') AS complete,
  (SELECT coalesce(sum(amount), 0) FROM orders WHERE status = 'paid') AS shillings,
  (SELECT count(*) FROM callbacks) AS evidence`;

async function seedPostgres(pool) {
  for (let from = 0; from < count; from += 2000) {
    const rows = Array.from({ length: Math.min(2000, count - from) }, (_, at) => row(from + at));
    const columns = rows[0].map((_, at) => rows.map((values) => values[at]));
    await pool.query(
      `INSERT INTO orders (${COLUMNS})
       SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[])`,
      columns,
    );
  }
  await pool.query('VACUUM ANALYZE orders');
}

function seedSqlite(db) {
  const insert = db.prepare(`INSERT INTO orders (${COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)`);
  db.transaction(() => {
    for (let n = 0; n < count; n += 1) insert.run(...row(n));
  })();
  db.exec('ANALYZE');
}

const opened = onPostgres ? await postgres.open(database) : sqlite.open(database);
if (task === 'seed') {
  await (onPostgres ? seedPostgres(opened) : seedSqlite(opened));
} else {
  const books = onPostgres ? (await opened.query(BOOKS)).rows[0] : opened.prepare(BOOKS).get();
  const numbers = Object.entries(books).map(([name, value]) => [name, Number(value)]);
  console.log(JSON.stringify(Object.fromEntries(numbers)));
}
await (onPostgres ? opened.end() : opened.close());
