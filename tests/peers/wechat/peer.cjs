// What others wrote for WeChat, behind one line of JSON a request on stdin, one a reply on stdout.
// `seal` and `open` with each of three encryptions, `deliver` as the platform does: five seconds,
// three tries; `send` and `menu` with co-wechat-api.
'use strict';

const http = require('http');
const readline = require('readline');
const { parseStringPromise } = require('xml2js');
const WXBizMsgCrypt = require('wechat-crypto');
const WechatEncrypt = require('wechat-encrypt');
const wecom = require('@wecom/crypto');
const WechatAPI = require('co-wechat-api');

const PATIENCE_MS = 5000;
const TRIES = 3;

const encryptions = {
  'wechat-crypto': ({ token, key, app }) => {
    const crypt = new WXBizMsgCrypt(token, key, app);
    return {
      seal: (xml) => crypt.encrypt(xml),
      open: (sealed) => { const { message, id } = crypt.decrypt(sealed); return { xml: message, app: id }; },
      sign: (stamp, nonce, sealed) => crypt.getSignature(stamp, nonce, sealed),
    };
  },
  'wechat-encrypt': ({ token, key, app }) => {
    const crypt = new WechatEncrypt({ appId: app, encodingAESKey: key, token });
    return {
      seal: (xml) => crypt.encode(xml),
      open: (sealed) => ({ xml: crypt.decode(sealed), app }),
      sign: (timestamp, nonce, encrypt) => crypt.genSign({ timestamp, nonce, encrypt }),
    };
  },
  '@wecom/crypto': ({ token, key, app }) => ({
    seal: (xml) => wecom.encrypt(key, xml, app),
    open: (sealed) => { const { message, id } = wecom.decrypt(key, sealed); return { xml: message, app: id }; },
    sign: (stamp, nonce, sealed) => wecom.getSignature(token, stamp, nonce, sealed),
  }),
};

const fieldsOf = async (xml) => (await parseStringPromise(xml, { explicitArray: false })).xml;

function call(url, body) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method: 'POST' }, (response) => {
      const chunks = [];
      response.on('data', (chunk) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode, text: Buffer.concat(chunks).toString() }));
    });
    // The whole exchange, as the platform counts it.
    setTimeout(() => request.destroy(new Error('timeout')), PATIENCE_MS).unref();
    request.on('error', reject);
    request.end(body);
  });
}

async function deliver(given) {
  const { url, xml, sealed: isSealed } = given;
  const crypt = encryptions['wechat-crypto'](given);
  const tries = [];
  for (let n = 1; n <= TRIES; n += 1) {
    const stamp = String(Math.floor(Date.now() / 1000));
    const nonce = String(Math.floor(Math.random() * 1e9));
    const query = new URLSearchParams({ timestamp: stamp, nonce, openid: 'x' });
    let body = xml;
    if (isSealed) {
      const closed = crypt.seal(xml);
      query.set('encrypt_type', 'aes');
      query.set('msg_signature', crypt.sign(stamp, nonce, closed));
      body = `<xml><ToUserName><![CDATA[gh_1]]></ToUserName><Encrypt><![CDATA[${closed}]]></Encrypt></xml>`;
    } else {
      const shasum = require('crypto').createHash('sha1');
      query.set('signature', shasum.update([given.token, stamp, nonce].sort().join('')).digest('hex'));
    }
    const begun = Date.now();
    try {
      const { status, text } = await call(`${url}?${query}`, body);
      tries.push(Date.now() - begun);
      if (status !== 200) return { tries, status };
      if (text === 'success' || text === '') return { tries, status, text: '' };
      let fields = await fieldsOf(text);
      if (isSealed) {
        if (crypt.sign(fields.TimeStamp, fields.Nonce, fields.Encrypt) !== fields.MsgSignature) {
          return { tries, status, error: 'signature' };
        }
        const opened = crypt.open(fields.Encrypt);
        if (opened.app !== given.app) return { tries, status, error: 'app' };
        fields = await fieldsOf(opened.xml);
      }
      return { tries, status, text: fields.Content, to: fields.ToUserName, by: fields.FromUserName };
    } catch (error) {
      tries.push(Date.now() - begun);
    }
  }
  return { tries, error: '该公众号提供的服务出现故障，请稍后再试' };
}

function client({ url, app, secret }) {
  const api = new WechatAPI(app, secret);
  api.prefix = `${url}/cgi-bin/`;
  return api;
}

const actions = {
  seal: (given) => {
    const crypt = encryptions[given.with](given);
    const encrypt = crypt.seal(given.xml);
    return { encrypt, signature: crypt.sign(given.stamp, given.nonce, encrypt) };
  },
  open: (given) => {
    const crypt = encryptions[given.with](given);
    return { ...crypt.open(given.encrypt), signature: crypt.sign(given.stamp, given.nonce, given.encrypt) };
  },
  deliver,
  send: async (given) => client(given).sendText(given.openid, given.text),
  menu: async (given) => client(given).createMenu({ button: given.buttons }),
};

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const given = JSON.parse(line);
    let reply;
    try {
      reply = await actions[given.do](given);
    } catch (error) {
      reply = { error: String(error.message), code: error.code };
    }
    process.stdout.write(`${JSON.stringify(reply)}\n`);
  }
})();
