// SPDX-License-Identifier: MIT
// The peer most teams would pick: Node, fastify, AWS SDK v3, pg, aws-jwt-verify; a cluster of two.
'use strict';
const cluster = require('node:cluster');
const http = require('node:http');
const { randomUUID } = require('node:crypto');

const env = process.env;

if (cluster.isPrimary) {
  for (let i = 0; i < Number(env.WORKERS || 2); i++) cluster.fork();
} else {
  main();
}

async function main() {
  const { DynamoDBClient, QueryCommand, PutItemCommand } = require('@aws-sdk/client-dynamodb');
  const { JwtRsaVerifier } = require('aws-jwt-verify');
  const { Pool } = require('pg');
  const app = require('fastify')({ logger: false });

  const issuer = `${env.AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER}/${env.AWS_COGNITO_USER_POOL_ID}`;
  const clients = env.AWS_COGNITO_USER_POOL_CLIENT_ID.split(',');
  const TableName = env.CRUDDUR_MESSAGES_TABLE;
  const pool = new Pool({ connectionString: env.CONNECTION_URL, max: 8 });
  const dynamodb = new DynamoDBClient({
    endpoint: env.AWS_ENDPOINT_URL_DYNAMODB,
    requestHandler: { httpAgent: { keepAlive: true, maxSockets: 256 } },
  });
  const verifier = JwtRsaVerifier.create({
    issuer,
    audience: null,
    customJwtCheck: ({ payload }) => {
      if (payload.token_use !== 'access' || !clients.includes(payload.client_id)) throw new Error('not our token');
    },
  });
  verifier.cacheJwks(await (await fetch(`${issuer}/.well-known/jwks.json`)).json());

  const find = async (name, text, value) => (await pool.query({ name, text, values: [value] })).rows[0];

  async function me(request, reply) {
    try {
      const sub = verifier.verifySync((request.headers.authorization || '').replace(/^Bearer /, '')).sub;
      request.user = await find('me', 'SELECT uuid, display_name, handle FROM public.users WHERE cognito_user_id = $1', sub);
    } catch {
      return reply.code(401).header('WWW-Authenticate', 'Bearer').send({});
    }
  }

  const query = async (pk) => (await dynamodb.send(new QueryCommand({
    TableName, KeyConditionExpression: 'pk = :pk', ScanIndexForward: false, Limit: 20,
    ExpressionAttributeValues: { ':pk': { S: pk } },
  }))).Items;

  const isMember = async (user, group) => (await dynamodb.send(new QueryCommand({
    TableName, IndexName: 'message-group-sk-index', KeyConditionExpression: 'message_group_uuid = :g',
    ExpressionAttributeValues: { ':g': { S: group } },
  }))).Items.some((row) => row.pk.S === `GRP#${user.uuid}`);

  const shown = (row, key) => ({
    uuid: row[key].S, display_name: row.user_display_name.S, handle: row.user_handle.S,
    message: row.message.S, created_at: row.sk.S,
  });
  const notFound = (reply, code) => reply.code(404).send([code]);

  // A schema for the answer lets fastify serialise fast.
  const text = { type: 'string' };
  const item = {
    type: 'object',
    properties: { uuid: text, display_name: text, handle: text, message: text, created_at: text },
  };
  const listed = { preHandler: me, schema: { response: { 200: { type: 'array', items: item } } } };

  app.get('/api/health-check', async () => ({ success: true, ver: 'fastify' }));

  app.get('/api/users/@:handle/short', async (request, reply) =>
    (await find('short', 'SELECT uuid, handle, display_name FROM public.users WHERE handle = $1', request.params.handle))
      || notFound(reply, 'user_not_found'));

  app.get('/api/message_groups', listed, async (request) =>
    (await query(`GRP#${request.user.uuid}`)).map((row) => shown(row, 'message_group_uuid')));

  app.get('/api/messages/:group', listed, async (request, reply) => {
    const { group } = request.params;
    if (!await isMember(request.user, group)) return notFound(reply, 'message_group_not_found');
    return (await query(`MSG#${group}`)).reverse().map((row) => shown(row, 'message_uuid'));
  });

  app.post('/api/messages', { preHandler: me }, async (request, reply) => {
    const { message, message_group_uuid: group } = request.body;
    if (!message.trim() || message.length > 1024) return reply.code(422).send(['message_blank']);
    if (!await isMember(request.user, group)) return notFound(reply, 'message_group_not_found');
    const Item = Object.fromEntries(Object.entries({
      pk: `MSG#${group}`, sk: new Date().toISOString().replace('Z', '000+00:00'), message_uuid: randomUUID(), message,
      user_uuid: request.user.uuid, user_display_name: request.user.display_name, user_handle: request.user.handle,
    }).map(([name, S]) => [name, { S }]));
    await dynamodb.send(new PutItemCommand({ TableName, Item }));
    return { message_group_uuid: group, ...shown(Item, 'message_uuid') };
  });

  await app.listen({ host: '127.0.0.1', port: Number(env.BENCH_PORT) });
  http.createServer(app.routing).listen({ path: env.BENCH_SOCKET });
}
