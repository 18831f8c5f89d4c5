// telegram-test-api with what it lacks of the Bot API put in front; python-telegram-bot and aiogram
// both need it: is_bot, dates in seconds, a long poll that confirms by offset, the secret header.
// usage: node server.cjs PORT
'use strict';
const { routes } = require('telegram-test-api/lib/routes/index');
const TelegramServer = require('telegram-test-api');

const log = [];
const waiting = {};
const pending = {};
const secrets = {};
const YES = ['setMyCommands', 'setMyDescription', 'setMyShortDescription', 'setChatMenuButton', 'sendChatAction'];
const me = () => ({ id: 666, is_bot: true, first_name: 'Desk', username: 'desk_test_bot' });
const parsed = (value) => (typeof value === 'string' ? JSON.parse(value) : value);

routes.unshift((app, server) => {
  const on = (name, answer) => app.all(`/bot:token/${name}`, async (req, res) => {
    const given = { ...req.query, ...req.body };
    log.push({ method: name, given });
    const result = await answer(given, req.params.token, server);
    res.json({ ok: true, result });
  });
  on('getMe', () => me());
  for (const name of YES) on(name, () => true);
  on('getWebhookInfo', (_, token) => ({
    url: (server.webhooks[token] || {}).url || '', has_custom_certificate: false, pending_update_count: 0,
  }));
  on('setWebhook', (given, token) => {
    server.setWebhook({ url: given.url }, token);
    secrets[given.url] = given.secret_token;
    return true;
  });
  on('deleteWebhook', (_, token) => { server.deleteWebhook(token); return true; });
  on('answerCallbackQuery', () => true);
  const shown = (message) => ({
    message_id: message.message_id, date: Math.floor(Date.now() / 1000), from: me(),
    chat: { id: Number(message.chat_id || message.chat.id), type: 'private', first_name: 'P' },
    text: message.text, reply_markup: message.reply_markup,
  });
  on('sendMessage', (given, token) => shown(server.addBotMessage(given, token)));
  on('editMessageText', (given) => {
    server.editMessageText(given);
    return shown({ ...given, message_id: Number(given.message_id), reply_markup: parsed(given.reply_markup) });
  });
  // A real long poll: nothing is forgotten before it is confirmed by the next offset.
  on('getUpdates', async (given, token) => {
    const turn = (waiting[token] = (waiting[token] || 0) + 1);
    const end = Date.now() + 1000 * Number(given.timeout || 0);
    for (;;) {
      pending[token] = (pending[token] || []).concat(server.getUpdates(token))
        .filter((u) => !given.offset || u.update_id >= Number(given.offset));
      for (const u of pending[token]) {
        if (u.callback_query) u.callback_query.chat_instance = '1';
      }
      if (pending[token].length || Date.now() >= end || waiting[token] !== turn) {
        return pending[token].slice(0, Number(given.limit || 100));
      }
      await new Promise((done) => setTimeout(done, 10));
    }
  });
  app.get('/_log', (_, res) => res.json(log));
});

// The package sends webhooks without the secret header that Telegram adds.
const axios = require('axios');
const deliver = axios.default || axios;
deliver.interceptors.request.use((config) => {
  if (secrets[config.url]) config.headers['X-Telegram-Bot-Api-Secret-Token'] = secrets[config.url];
  return config;
});

const server = new TelegramServer({ port: Number(process.argv[2]), host: '127.0.0.1', storeTimeout: 3600 });
server.start().then(() => console.log('ready'));
