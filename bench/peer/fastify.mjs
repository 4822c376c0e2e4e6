// The careful Node developer's server: PORT and DATABASE (a file, or postgres://…).
// On SQLite the callbacks of one turn of the event loop share a commit; each is answered after it.
import Fastify from 'fastify';
import { ACCEPTED, read } from './callback.mjs';
import * as postgres from './postgres.mjs';
import * as sqlite from './sqlite.mjs';

const database = process.env.DATABASE;
const onPostgres = database.startsWith('postgres');
const opened = onPostgres ? await postgres.open(database) : sqlite.open(database);
const store = (onPostgres ? postgres : sqlite).store(opened);
const take = onPostgres ? store.take : store.takeWithOthers;

const fields = (types) => ({
  response: { 200: { type: 'object', properties: Object.fromEntries(types.map(([name, type]) => [name, { type }])) } },
});
const accepted = fields([['ResultCode', 'integer'], ['ResultDesc', 'string']]);
const order = fields([
  ['id', 'string'],
  ['status', 'string'],
  ['amount', 'integer'],
  ['receipt', ['string', 'null']],
  ['result_code', ['integer', 'null']],
  ['updated_at', 'integer'],
]);

const app = Fastify({ logger: false, bodyLimit: 64 * 1024 });
app.get('/readyz', async () => 'ready');
app.post('/rail/stk', { schema: accepted }, async (request, reply) => {
  const callback = read(request.body);
  if (!callback) return reply.code(400).send({ ResultCode: 1, ResultDesc: 'Bad request' });
  await take(callback, JSON.stringify(request.body));
  return ACCEPTED;
});
app.get('/status/:id', { schema: order }, async (request, reply) => {
  const found = await store.status(request.params.id);
  if (!found) return reply.code(404).send();
  reply.header('cache-control', 'no-store');
  return found;
});

await app.listen({ port: Number(process.env.PORT), host: '127.0.0.1' });
process.on('SIGTERM', async () => {
  await app.close();
  await (onPostgres ? opened.end() : opened.close());
  process.exit(0);
});
