// Upload a poster with a form that the API signs, then show each rendition as soon as it is there.
const PATIENCE_MS = 60000;
const status = document.getElementById('status');
const list = document.getElementById('renditions');
const settings = fetch('/config.json').then((answer) => answer.json());

document.getElementById('upload').addEventListener('submit', async (event) => {
  event.preventDefault();
  const button = event.target.querySelector('button');
  const file = event.target.poster.files[0];
  button.disabled = true;
  list.replaceChildren();
  say('Uploading…');
  try {
    const upload = await send(file);
    say('Converting…');
    const { renditions } = await settings;
    const taken = Object.entries(renditions).filter(([, one]) => takes(one, file.name));
    await Promise.all(taken.map(([name, one]) => show(name, one.url.replace('{upload}', encodeURI(upload)))));
    say('All renditions are here.');
  } catch (problem) {
    say(problem.message, true);
  } finally {
    button.disabled = false;
  }
});

async function send(file) {
  const answer = await fetch('/api/uploads', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ filename: file.name }),
  });
  const form = await answer.json();
  if (!answer.ok) throw new Error(form.detail || form.title);
  const body = new FormData();
  for (const [name, value] of Object.entries(form.fields)) body.append(name, value);
  body.append('file', file);
  const stored = await fetch(form.url, { method: 'POST', body });
  if (!stored.ok) throw new Error(`The upload was refused (${stored.status}). Is the file too large?`);
  return form.key.slice(form.key.indexOf('/') + 1);
}

function takes(rendition, filename) {
  return !rendition.suffixes.length || rendition.suffixes.some((suffix) => filename.toLowerCase().endsWith(suffix));
}

async function show(name, url) {
  const item = list.appendChild(document.createElement('li'));
  item.textContent = `${name} …`;
  const answer = await until(url, name);
  const blob = await answer.blob();
  const link = document.createElement('a');
  link.href = url;
  link.textContent = `${name}, ${Math.ceil(blob.size / 1024)} KiB`;
  item.replaceChildren(link);
  if (blob.type.startsWith('image/')) {
    const image = new Image();
    image.alt = '';
    image.src = URL.createObjectURL(blob);
    item.prepend(image);
  }
}

// A rendition that isn't there yet answers 403; one that never will be is a problem document with the reason.
async function until(url, name) {
  const deadline = Date.now() + PATIENCE_MS;
  while (Date.now() < deadline) {
    const answer = await fetch(url, { cache: 'no-store' });
    if (answer.ok) {
      if (answer.headers.get('Content-Type') !== 'application/problem+json') return answer;
      throw new Error(`There is no ${name}: ${(await answer.json()).title}`);
    }
    await new Promise((done) => setTimeout(done, 400));
  }
  throw new Error(`There is no ${name} after ${PATIENCE_MS / 1000} seconds.`);
}

function say(text, failed = false) {
  status.textContent = text;
  status.toggleAttribute('data-failed', failed);
}

// A purchase is one event, however often it is sent: its id is made before the first try.
let sale;

document.getElementById('buy').addEventListener('submit', async (event) => {
  event.preventDefault();
  const { title, amount, currency } = event.target.dataset;
  const button = event.target.querySelector('button');
  const receipt = document.getElementById('receipt');
  button.disabled = true;
  sale ||= { id: identity(), order: `order-${identity()}`, title, amount_minor: Number(amount), currency };
  try {
    const answer = await fetch('/api/purchases', {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(sale),
    });
    if (!answer.ok) throw new Error((await answer.json()).title);
    receipt.textContent = `Bought. Your order is ${sale.order.slice(0, 14)}…`;
    sale = undefined;
  } catch (problem) {
    receipt.textContent = `Not bought: ${problem.message}. Try again; you pay once.`;
  } finally {
    button.disabled = false;
  }
});

// crypto.randomUUID needs a secure origin; random bytes don't.
function identity() {
  const hex = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0'));
  return [4, 2, 2, 2, 6].map((length) => hex.splice(0, length).join('')).join('-');
}
