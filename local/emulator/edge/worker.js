// One Node process that runs CloudFront Functions: a JSON line with a call comes in, one with its outcome goes out.
// https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-javascript-runtime-20.html
'use strict';
const { createInterface } = require('readline');
const { Buffer } = require('buffer');
const vm = require('vm');

const answer = process.stdout.write.bind(process.stdout);
const MODULES = { crypto: require('crypto'), querystring: require('querystring'), buffer: require('buffer') };
const IMPORT = /^[ \t]*import[ \t]+(\w+)[ \t]+from[ \t]+(['"])([\w-]+)\2[ \t]*;?/gm;
const compiled = new Map();
let call; // the call that runs: there is one at a time

// Helpers: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/functions-custom-methods.html
const cloudfront = {
    kvs(id) {
        const store = call.store;
        if (!store) throw new Error('no key value store is associated with this function');
        if (id !== undefined && id !== store.id) throw new Error(`the key value store ${id} is not associated`);
        return HANDLE;
    },
};

const HANDLE = {
    async get(key, options) {
        const items = call.store.items;
        if (!Object.hasOwn(items, key)) throw new Error(`key not found: ${key}`);
        const format = (options && options.format) || 'string';
        if (format === 'string') return items[key];
        if (format === 'json') return call.inside.JSON.parse(items[key]);
        if (format === 'bytes') return Buffer.from(items[key]);
        throw new Error(`unknown format: ${format}`);
    },
    async exists(key) {
        return Object.hasOwn(call.store.items, key);
    },
    async meta() {
        const { created, updated, items } = call.store;
        return { creationDateTime: created, lastUpdatedDateTime: updated, keyCount: Object.keys(items).length };
    },
};

// Within one run the time is always that of its start.
const CLOCK = `(function (now) {
    const Real = Date;
    globalThis.Date = class Date extends Real {
        constructor(...given) { if (given.length) { super(...given); } else { super(now()); } }
        static now() { return now(); }
    };
})`;

function load(code, runtime) {
    const known = compiled.get(runtime + code);
    if (known) return known;
    const modern = runtime === 'cloudfront-js-2.0';
    const available = (name) => {
        if (Object.hasOwn(MODULES, name)) return MODULES[name];
        if (modern && name === 'cloudfront') return cloudfront;
        throw new Error(`no module named ${name}`);
    };
    const log = (...given) => process.stderr.write(given.join(' ') + '\n');
    const inside = vm.createContext(
        { require: available, console: { log }, Buffer, TextEncoder, TextDecoder, atob, btoa },
        { codeGeneration: { strings: false, wasm: false } },
    );
    vm.runInContext(CLOCK, inside)(() => call.now);
    // An import becomes a constant on its own line, so that line numbers in errors stay right.
    const source = modern ? code.replace(IMPORT, 'const $1 = require("$3");') : code;
    const wrapped = `(function () { 'use strict'; ${source}\n; return typeof handler === 'function' && handler; })()`;
    const handler = new vm.Script(wrapped, { filename: 'function.js' }).runInContext(inside);
    if (!handler) throw new Error('there is no function named handler');
    const loaded = { handler, JSON: vm.runInContext('JSON', inside) };
    compiled.set(runtime + code, loaded);
    return loaded;
}

async function run() {
    try {
        call.inside = load(call.code, call.runtime);
        const event = call.inside.JSON.parse(JSON.stringify(call.event));
        const given = call.inside.handler(event);
        if (given && typeof given.then === 'function' && call.runtime !== 'cloudfront-js-2.0') {
            return { error: 'async functions need cloudfront-js-2.0' };
        }
        return { value: (await given) ?? null };
    } catch (error) {
        return { error: String((error && error.stack) || error) };
    }
}

(async () => {
    for await (const line of createInterface({ input: process.stdin })) {
        call = JSON.parse(line);
        answer(JSON.stringify(await run()) + '\n');
    }
})();
