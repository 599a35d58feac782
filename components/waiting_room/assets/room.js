// Asks how things stand, and goes on when it is the visitor's turn. Without it the page loads itself again.
const main = document.querySelector('main');
const SLOWEST_S = 120;
let pause = Number(main.dataset.next);

function show(name, value) {
  const shown = document.querySelector(`[data-${name}]`);
  const text = value === null ? '' : value.toLocaleString(document.documentElement.lang);
  if (shown && shown.textContent !== text) shown.textContent = text;
  shown?.closest('div')?.toggleAttribute('hidden', value === null);
  document.querySelector(`[data-no-${name}]`)?.toggleAttribute('hidden', value !== null);
}

async function ask() {
  try {
    const answer = await fetch(main.dataset.status, { headers: { Accept: 'application/json' }, cache: 'no-store' });
    if (answer.status === 403 || answer.status === 503) return location.replace(main.dataset.back);
    const now = await answer.json();
    if (now.may_enter) return location.replace(main.dataset.back);
    show('place', now.position);
    show('wait', now.wait_s === null ? null : Math.ceil(now.wait_s / 60));
    pause = now.next_poll_s;
  } catch {
    pause = Math.min(SLOWEST_S, pause * 2);
  }
  setTimeout(ask, 1000 * pause);
}

const entrance = document.querySelector('section:not([hidden]) form');
setTimeout(entrance ? () => entrance.submit() : ask, 1000 * pause);
