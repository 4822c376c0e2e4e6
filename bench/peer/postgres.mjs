// Orders in PostgreSQL: a transaction for each callback on a pool of ten connections.
import pg from 'pg';
import { decide } from './callback.mjs';

const SCHEMA = `
CREATE TABLE IF NOT EXISTS orders (
  id text PRIMARY KEY,
  checkout_request_id text NOT NULL UNIQUE,
  merchant_request_id text NOT NULL,
  phone text NOT NULL,
  amount bigint NOT NULL CHECK (amount > 0),
  status text NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'paid', 'failed', 'review')),
  result_code int,
  result_desc text,
  receipt text UNIQUE,
  created_at bigint NOT NULL,
  updated_at bigint NOT NULL
);
CREATE TABLE IF NOT EXISTS callbacks (
  seq bigserial PRIMARY KEY,
  checkout_request_id text NOT NULL,
  outcome text NOT NULL,
  body text NOT NULL,
  received_at bigint NOT NULL
);`;

// Each text is prepared once on each connection, by its name.
const named = (name, text) => (...values) => ({ name, text, values });
const find = named('find', 'SELECT id, amount, status FROM orders WHERE checkout_request_id = $1 FOR UPDATE');
const used = named('used', 'SELECT 1 FROM orders WHERE receipt = $1');
const settle = named(
  'settle',
  'UPDATE orders SET status = $1, result_code = $2, result_desc = $3, receipt = $4, updated_at = $5 WHERE id = $6',
);
const keep = named(
  'keep',
  'INSERT INTO callbacks (checkout_request_id, outcome, body, received_at) VALUES ($1, $2, $3, $4)',
);
const status = named('status', 'SELECT id, status, amount, receipt, result_code, updated_at FROM orders WHERE id = $1');

export async function open(connectionString) {
  const pool = new pg.Pool({ connectionString, max: 10 });
  await pool.query(SCHEMA);
  return pool;
}

export function store(pool) {
  async function apply(client, callback, raw) {
    const now = Date.now();
    const order = (await client.query(find(callback.checkoutRequestId))).rows[0];
    const isUsed = callback.receipt !== null && (await client.query(used(callback.receipt))).rowCount > 0;
    const done = decide(callback, order, isUsed);
    if (done.status) {
      await client.query(settle(done.status, callback.resultCode, callback.resultDesc, done.receipt, now, order.id));
    }
    await client.query(keep(callback.checkoutRequestId, done.outcome, raw, now));
  }
  return {
    async take(callback, raw) {
      const client = await pool.connect();
      try {
        await client.query('BEGIN');
        await apply(client, callback, raw);
        await client.query('COMMIT');
      } catch (error) {
        await client.query('ROLLBACK').catch(() => {});
        throw error;
      } finally {
        client.release();
      }
    },
    status: async (id) => (await pool.query(status(id))).rows[0],
  };
}
