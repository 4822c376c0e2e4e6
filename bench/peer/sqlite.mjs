// Orders in SQLite, as durable as SQLite can be: WAL with one fsync for each commit.
import Database from 'better-sqlite3';
import { decide } from './callback.mjs';

const SCHEMA = `
CREATE TABLE IF NOT EXISTS orders (
  id TEXT PRIMARY KEY,
  checkout_request_id TEXT NOT NULL UNIQUE,
  merchant_request_id TEXT NOT NULL,
  phone TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK (amount > 0),
  status TEXT NOT NULL DEFAULT 'pending' CHECK (status IN ('pending', 'paid', 'failed', 'review')),
  result_code INTEGER,
  result_desc TEXT,
  receipt TEXT UNIQUE,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
) STRICT;
CREATE TABLE IF NOT EXISTS callbacks (
  seq INTEGER PRIMARY KEY,
  checkout_request_id TEXT NOT NULL,
  outcome TEXT NOT NULL,
  body TEXT NOT NULL,
  received_at INTEGER NOT NULL
) STRICT;`;

export function open(path) {
  const db = new Database(path);
  for (const setting of ['journal_mode = WAL', 'synchronous = FULL', 'busy_timeout = 5000', 'foreign_keys = ON']) {
    db.pragma(setting);
  }
  db.exec(SCHEMA);
  return db;
}

export function store(db) {
  const find = db.prepare('SELECT id, amount, status FROM orders WHERE checkout_request_id = ?');
  const used = db.prepare('SELECT 1 FROM orders WHERE receipt = ?');
  const settle = db.prepare(
    `UPDATE orders SET status = ?, result_code = ?, result_desc = ?, receipt = ?, updated_at = ?
     WHERE id = ? AND status = 'pending'`,
  );
  const keep = db.prepare(
    'INSERT INTO callbacks (checkout_request_id, outcome, body, received_at) VALUES (?, ?, ?, ?)',
  );
  const status = db.prepare('SELECT id, status, amount, receipt, result_code, updated_at FROM orders WHERE id = ?');

  const apply = ({ callback, raw }) => {
    const now = Date.now();
    const order = find.get(callback.checkoutRequestId);
    const done = decide(callback, order, callback.receipt !== null && used.get(callback.receipt) !== undefined);
    if (done.status) settle.run(done.status, callback.resultCode, callback.resultDesc, done.receipt, now, order.id);
    keep.run(callback.checkoutRequestId, done.outcome, raw, now);
  };
  const alone = db.transaction(apply);
  const together = db.transaction((waiting) => waiting.forEach(apply));

  let waiting = [];
  const commit = () => {
    const batch = waiting;
    waiting = [];
    try {
      together.immediate(batch);
      for (const { resolve } of batch) resolve();
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  };

  return {
    /** A commit for this callback alone, before it returns. */
    take: (callback, raw) => alone.immediate({ callback, raw }),
    /** A commit with all callbacks of this turn of the event loop; resolves after it. */
    takeWithOthers: (callback, raw) =>
      new Promise((resolve, reject) => {
        waiting.push({ callback, raw, resolve, reject });
        if (waiting.length === 1) setImmediate(commit);
      }),
    status: (id) => status.get(id),
  };
}
