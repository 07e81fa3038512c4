// Runs npm's oauth2-mock-server behind a counter and a few doors of its own, which the tests control it by.
// node oidc.mjs PACKAGE PORT
import { createServer } from 'node:http';
import { pathToFileURL } from 'node:url';

const [folder, port] = process.argv.slice(2);
const { OAuth2Issuer, OAuth2Service } = await import(pathToFileURL(`${folder}/dist/index.js`));

const asked = {};
let issuer;
let service;
let userinfo;

function begin() {
  issuer = new OAuth2Issuer();
  issuer.url = `http://127.0.0.1:${port}`;
  service = new OAuth2Service(issuer);
  service.on('beforeUserinfo', (answer) => {
    if (userinfo) answer.body = userinfo;
  });
}

const doors = {
  // A new key, and with `alone` no other any more.
  async '/control/keys'({ algorithm, kid, alone }) {
    if (alone) begin();
    await issuer.keys.generate(algorithm, { kid });
    return {};
  },
  async '/control/token'({ kid, header, claims }) {
    let at;
    const change = (made, payload) => {
      at = payload.iat;
      Object.assign(made, header);
      Object.assign(payload, claims);
    };
    return { token: await issuer.buildToken({ kid, scopesOrTransform: change }), at };
  },
  // What userinfo answers from now on.
  async '/control/userinfo'(claims) {
    userinfo = claims;
    return {};
  },
  async '/control/asked'() {
    return asked;
  },
};

begin();
createServer(async (request, response) => {
  const door = doors[request.url];
  if (!door) {
    asked[request.url] = (asked[request.url] ?? 0) + 1;
    return service.requestHandler(request, response);
  }
  let body = '';
  for await (const chunk of request) body += chunk;
  try {
    response.end(JSON.stringify(await door(JSON.parse(body))));
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
}).listen(Number(port), '127.0.0.1');
