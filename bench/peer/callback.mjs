// What both stores know of a callback: how to read it, and what it does to an order.

export const ACCEPTED = { ResultCode: 0, ResultDesc: 'Accepted' };

/** The callback as one flat object, or null where the body is none. */
export function read(body) {
  const told = body?.Body?.stkCallback;
  const resultCode = Number(told?.ResultCode);
  if (typeof told?.CheckoutRequestID !== 'string' || !Number.isInteger(resultCode)) return null;
  const named = new Map((told.CallbackMetadata?.Item ?? []).map((item) => [item.Name, item.Value]));
  return {
    checkoutRequestId: told.CheckoutRequestID,
    resultCode,
    resultDesc: String(told.ResultDesc ?? ''),
    amount: named.has('Amount') ? Number(named.get('Amount')) : null,
    receipt: named.get('MpesaReceiptNumber') ?? null,
  };
}

/** What to write for `callback` on `order`: the outcome, and the new status where there is one. */
export function decide(callback, order, receiptIsUsed) {
  if (!order) return { outcome: 'unknown' };
  if (order.status !== 'pending') return { outcome: 'again' };
  if (callback.resultCode !== 0) return { outcome: 'failed', status: 'failed', receipt: null };
  if (!callback.receipt || receiptIsUsed) return { outcome: 'receipt_used' };
  if (callback.amount !== Number(order.amount)) {
    return { outcome: 'other_amount', status: 'review', receipt: callback.receipt };
  }
  return { outcome: 'paid', status: 'paid', receipt: callback.receipt };
}
