// What most tutorials show, made durable: PORT and DATABASE (a file). One commit for each callback, before its answer.
import express from 'express';
import { ACCEPTED, read } from './callback.mjs';
import { open, store as storeOf } from './sqlite.mjs';

const db = open(process.env.DATABASE);
const store = storeOf(db);

const app = express();
app.disable('x-powered-by');
app.set('etag', false);
app.use(express.json({ limit: '64kb', verify: (request, _response, bytes) => (request.raw = bytes) }));

app.get('/readyz', (_request, response) => response.send('ready'));
app.post('/rail/stk', (request, response) => {
  const callback = read(request.body);
  if (!callback) return response.status(400).json({ ResultCode: 1, ResultDesc: 'Bad request' });
  store.take(callback, request.raw.toString('utf8'));
  return response.json(ACCEPTED);
});
app.get('/status/:id', (request, response) => {
  const found = store.status(request.params.id);
  if (!found) return response.status(404).end();
  return response.set('cache-control', 'no-store').json(found);
});

const server = app.listen(Number(process.env.PORT), '127.0.0.1');
process.on('SIGTERM', () => {
  server.close();
  server.closeAllConnections();
  db.close();
  process.exit(0);
});
