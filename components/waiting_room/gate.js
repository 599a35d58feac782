import cf from 'cloudfront';
import crypto from 'crypto';

// Decides over every request to what waiting rooms guard. ROOMS and PAGES come from gate.py; the store holds, for each
// room, its mode, keys and state. Tickets and passes are those of handlers/waiting_room/tickets.py.
const store = cf.kvs();
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
// Seconds: between clocks of edges; after its arrival in which a visitor is counted; between polls at most.
const SKEW = 30;
const COUNTED = 120;
const SLOWEST = 60;

async function gate(event) {
    const request = event.request;
    const path = plain(request.uri);
    if (path === null) return problem(400, 'There is no such path');
    const own = /^\/\.room\/([^\/]+)\/(status|beacon|admit)$/.exec(request.uri);
    if (own ? !ROOMS.hasOwnProperty(own[1]) : path.startsWith('/.room')) return problem(404, 'There is no such room');
    const name = own ? own[1] : guarding(path);
    if (!name) return handOn(request, '');
    const now = Date.now() / 1000;
    const visit = { request: request, name: name, now: now, cookies: {}, base: '/.room/' + name + '/' };
    visit.reads = /^(GET|HEAD)$/.test(request.method);
    visit.back = own ? asked(request.querystring) : here(request, visit.reads);
    visit.json = accepts(request, own ? [] : ROOMS[name].api, path);
    const mode = await read(name + '.mode');
    visit.mode = mode || ROOMS[name].start;
    if (visit.mode === 'open' && !own) return handOn(request, '');
    if (visit.mode === 'closed') return away(visit, 'closed', 300);
    const keys = await read(name + '.keys');
    visit.keys = JSON.parse(keys);
    if (!visit.keys) return away(visit, 'opens', SKEW);
    const pass = signed(visit, 'pass');
    const admitted = pass && pass.second > now;
    if (admitted && !own) return handOn(request, name + ' ' + pass.second);
    const ticket = signed(visit, 'ticket');
    const good = ticket && ticket.second <= now + SKEW && ticket.second + ROOMS[name].life >= now;
    visit.ticket = good ? ticket : own ? null : newTicket(visit, event.context.requestId);
    if (own && own[2] !== 'beacon') {
        if (visit.mode === 'open' || admitted && own[2] === 'status') return visit.json ? status(visit, true) : leave(visit);
        if (!good) return visit.json ? problem(403, 'The ticket is no good') : leave(visit);
    }
    if (visit.ticket) {
        const state = await read(name + '.state');
        estimate(visit, JSON.parse(state));
    }
    if (!own) return visit.turn && visit.reads && !visit.json ? redirect(visit, 'admit') : wait(visit);
    if (own[2] === 'beacon') return beacon(visit);
    if (own[2] === 'admit') return visit.turn ? admit(visit) : visit.json ? wait(visit) : redirect(visit, 'status');
    return visit.json ? status(visit, visit.turn) : wait(visit);
}

// A path as a server might understand it; null for one that servers understand in different ways.
function plain(uri) {
    try {
        const path = decodeURIComponent(uri);
        return /\/\.{1,2}(;|\/|$)|\\|%(2e|2f|5c)|[\x00-\x1f]/i.test(path) ? null : path.replace(/\/+/g, '/');
    } catch (error) {
        return null;
    }
}

// The room with the longest path that this one begins with; servers may not tell capitals from small letters.
function guarding(path) {
    let found = null;
    let longest = 0;
    const begins = (prefix) => path.toLowerCase().startsWith(prefix.toLowerCase());
    const within = (prefix) => path === prefix || path.startsWith(prefix.endsWith('/') ? prefix : prefix + '/');
    Object.keys(ROOMS).forEach((name) => {
        if (ROOMS[name].bypass.some(within)) return;
        ROOMS[name].paths.filter(begins).forEach((prefix) => {
            if (prefix.length > longest) found = name;
            longest = Math.max(longest, prefix.length);
        });
    });
    return found;
}

async function read(key) {
    try {
        const value = await store.get(key);
        return value;
    } catch (error) {
        return null;
    }
}

// What the application gets: nothing of ours, but whom we admitted until when.
function handOn(request, admitted) {
    delete request.headers['x-waiting-room'];
    if (admitted) request.headers['x-waiting-room'] = { value: admitted };
    Object.keys(request.cookies).forEach((name) => {
        if (/^room-([a-z0-9-]+-(ticket|pass)|lang)$/.test(name)) delete request.cookies[name];
    });
    return request;
}

function mac(visit, id, words) {
    return crypto.createHmac('sha256', visit.keys[id]).update(words.join('|')).digest('base64url');
}

function signed(visit, kind) {
    const cookie = visit.request.cookies['room-' + visit.name + '-' + kind];
    const parts = /^1\.(0|[1-9]\d{0,11})\.([\w-]{22})\.([a-z])\.([\w-]{43})$/.exec(cookie ? cookie.value : '');
    if (!parts || !visit.keys.hasOwnProperty(parts[3])) return null;
    if (mac(visit, parts[3], [kind, visit.name, parts[1], parts[2], parts[3]]) !== parts[4]) return null;
    return { second: Number(parts[1]), nonce: parts[2] };
}

function newTicket(visit, requestId) {
    const id = visit.keys.use;
    const second = Math.floor(visit.now);
    const nonce = mac(visit, id, ['nonce', requestId]).substring(0, 22);
    const text = ['1', second, nonce, id, mac(visit, id, ['ticket', visit.name, second, nonce, id])].join('.');
    keep(visit, visit.name + '-ticket', text, ROOMS[visit.name].life, 'HttpOnly; ');
    return { second: second, nonce: nonce };
}

function keep(visit, name, value, life, more) {
    visit.cookies['room-' + name] = {
        value: value, attributes: 'Path=/; ' + more + 'Secure; SameSite=Lax; Max-Age=' + life,
    };
}

// A number from 0 to 1 out of characters of the nonce.
function share(nonce, from, to) {
    return nonce.substring(from, to).split('').reduceRight((sum, one) => (sum + LETTERS.indexOf(one)) / 64, 0);
}

// Where the visitor stands, how long it takes, and when to ask again: the sooner, the nearer it is.
function estimate(visit, state) {
    const nonce = visit.ticket.nonce;
    const place = visit.ticket.second + share(nonce, 0, 2);
    const fresh = state && visit.now - visit.ticket.second <= COUNTED;
    visit.turn = visit.mode === 'guard' || !!state && place <= state.w;
    visit.counts = fresh && share(nonce, 2, 6) * state.n < 1 ? state.n : 0;
    visit.position = state && !visit.turn ? Math.max(1, Math.ceil(before(place, state.h))) : null;
    visit.wait = visit.position && state.p ? Math.ceil(visit.position / state.p * 60) : null;
    const pause = Math.max(state ? state.poll : SKEW, Math.min(SLOWEST, visit.wait / 2));
    visit.next = Math.ceil(pause * (0.9 + share(nonce, 6, 8) / 5));
}

function before(place, line) {
    const steps = (place - line[0]) / line[1];
    return line[2].reduce((sum, count, index) => sum + count * Math.max(0, Math.min(1, steps - index)), 0);
}

function admit(visit) {
    const cookie = 'room-' + visit.name + '-ticket';
    Object.keys(visit.request.cookies).forEach((name) => {
        if (name !== cookie) delete visit.request.cookies[name];
    });
    return visit.request;
}

// What counts arrivals gets our numbers, not the viewer's.
function beacon(visit) {
    if (!visit.counts || visit.request.method !== 'GET') return answer(204, {}, '', visit);
    visit.request.querystring = { a: { value: String(visit.ticket.second) }, n: { value: String(visit.counts) } };
    visit.request.cookies = {};
    return visit.request;
}

function status(visit, turn) {
    const said = { position: visit.position, wait_s: visit.wait, next_poll_s: visit.next, may_enter: turn };
    return answer(200, { 'content-type': { value: 'application/json' } }, JSON.stringify(said), visit);
}

function wait(visit) {
    if (visit.json) return problem(429, 'Many want in at the same moment', visit);
    return page(visit, visit.turn ? 'turn' : 'line', visit.reads ? 200 : 429);
}

function away(visit, why, seconds) {
    visit.next = seconds;
    return visit.json ? problem(503, why === 'closed' ? 'Closed' : 'Not open yet', visit) : page(visit, why, 503);
}

function problem(code, title, visit) {
    const said = { type: 'about:blank', title: title, status: code };
    if (visit) said.room = visit.base + 'status';
    return answer(code, { 'content-type': { value: 'application/problem+json' } }, JSON.stringify(said), visit);
}

function leave(visit) {
    return answer(303, { location: { value: visit.back } }, '', visit);
}

function redirect(visit, where) {
    return answer(303, { location: { value: address(visit, where) } }, '', visit);
}

function address(visit, where) {
    return visit.base + where + '?return=' + encodeURIComponent(visit.back);
}

function answer(code, headers, body, visit) {
    headers['cache-control'] = { value: 'no-store' };
    if (visit && visit.next && code > 400) headers['retry-after'] = { value: String(visit.next) };
    return { statusCode: code, headers: headers, cookies: visit ? visit.cookies : {}, body: body };
}

// Where to go on: a path of this address, never another host.
function asked(query) {
    let path = '';
    try {
        path = decodeURIComponent(query['return'].value);
    } catch (error) {
        return '/';
    }
    return path.length <= 2000 && /^\/([!-.0-\[\]-~][!-\[\]-~]*)?$/.test(path) ? path : '/';
}

function here(request, reads) {
    const pairs = [];
    Object.keys(request.querystring).forEach((key) => {
        const given = request.querystring[key];
        (given.multiValue || [given]).forEach((one) => pairs.push(one.value ? key + '=' + one.value : key));
    });
    const path = request.uri.replace(/^\/+/, '/') + (pairs.length ? '?' + pairs.join('&') : '');
    return reads && path.length <= 2000 ? path : '/';
}

function header(request, name) {
    return request.headers[name] ? request.headers[name].value : '';
}

function accepts(request, api, path) {
    const accept = header(request, 'accept');
    return accept.includes('json') && !accept.includes('html') || api.some((prefix) => path.startsWith(prefix));
}

function language(visit) {
    const request = visit.request;
    const chosen = request.querystring.lang || request.cookies['room-lang'];
    if (!chosen || !PAGES.hasOwnProperty(chosen.value)) {
        const known = header(request, 'accept-language').match(/[a-z]{2}\b/g) || [];
        return known.filter((one) => PAGES.hasOwnProperty(one))[0] || Object.keys(PAGES)[0];
    }
    keep(visit, 'lang', chosen.value, 31536000, '');
    return chosen.value;
}

// The page is in the store, in pieces. Its {names} stand for what differs between visits.
async function page(visit, state, code) {
    const pieces = PAGES[language(visit)];
    let text = '';
    for (let index = 0; index < pieces.length; index++) {
        const piece = await read(pieces[index]);
        text += piece || '';
    }
    const values = {
        place: String(visit.position).replace(/\B(?=(\d{3})+$)/g, ','),
        wait: Math.ceil(visit.wait / 60),
        next: visit.next,
        room: visit.base,
        back: visit.back,
        go: address(visit, state === 'turn' ? 'admit' : 'status'),
        status: address(visit, 'status'),
        admit: address(visit, 'admit'),
        beacon: visit.counts ? visit.base + 'beacon' : '',
    };
    const shown = [state, visit.position && 'placed', visit.wait ? 'timed' : 'untimed', visit.counts && 'counted'];
    const html = (text || 'Please wait, and load this page again.').replace(/\{(\??)(\w+)\}/g, (mark, asks, name) => {
        if (asks) return shown.includes(name) ? '' : 'hidden';
        return String(values[name]).replace(/[&<>"']/g, (one) => '&#' + one.codePointAt(0) + ';');
    });
    const policy = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
    const headers = { 'content-type': { value: 'text/html; charset=utf-8' } };
    headers['content-security-policy'] = { value: policy };
    return answer(code, headers, html, visit);
}
