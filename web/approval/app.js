// Show a review to whoever has its link, and hand over what they decide.
import { TEXTS } from './texts.js';

const API = '/api';
const SEEN = ['title', 'description'];
const at = (id) => document.getElementById(id);
const link = linkOf(new URLSearchParams(location.hash.slice(1)));
let language = navigator.languages.some((each) => each.startsWith('ja')) ? 'ja' : 'en';
let review = null;
let said = { key: 'loading' };

for (const button of document.querySelectorAll('[data-language]')) {
  button.addEventListener('click', () => speak(button.dataset.language));
}
for (const name of SEEN) at(name).addEventListener('input', () => count(name));
at('review').addEventListener('submit', (event) => {
  event.preventDefault();
  approve();
});
at('revise').addEventListener('click', revise);
speak(language);
open();

// The parts stand behind #, so neither the request for this page nor a Referer header holds them.
function linkOf(parts) {
  const [reference, expires, mac] = ['r', 'e', 'm'].map((name) => parts.get(name));
  return reference && /^\d+$/.test(expires) && mac ? { reference, expires: Number(expires), mac } : null;
}

async function open() {
  if (!link) return refuse('link');
  const answer = await ask('/reviews', link);
  if (!answer.ok) return refuse(answer.status);
  review = await answer.json();
  if (review.decided) return refuse(409);
  at('file').textContent = review.file.split('/').pop();
  at('cards').replaceChildren(...review.candidates.map(card));
  at('review').hidden = false;
  choose(0);
  at('back').hidden = review.rounds_left === 0;
  at('last').hidden = review.rounds_left > 0;
  said = null;
  speak(language);
}

function card(candidate, index) {
  const label = document.createElement('label');
  label.className = 'card';
  const radio = document.createElement('input');
  radio.type = 'radio';
  radio.name = 'candidate';
  radio.value = String(index);
  radio.addEventListener('change', () => choose(index));
  const number = document.createElement('span');
  number.className = 'number';
  number.dataset.number = String(index + 1);
  const content = document.createElement('span');
  content.lang = review.language;
  for (const name of SEEN) {
    const part = document.createElement(name === 'title' ? 'strong' : 'span');
    part.textContent = candidate[name];
    content.append(part);
  }
  label.append(radio, number, content);
  return label;
}

function choose(index) {
  at('cards').querySelectorAll('input')[index].checked = true;
  for (const name of SEEN) {
    at(name).value = review.candidates[index][name];
    at(name).lang = review.language;
    count(name);
  }
}

async function approve() {
  if (!SEEN.every((name) => at(name).checkValidity() && fits(at(name)))) return complain('length');
  const [title, description] = SEEN.map((name) => at(name).value.trim());
  await decide({ decision: 'approve', title, description }, 'approved');
}

async function revise() {
  const comment = at('comment').value.trim();
  if (!comment) {
    at('comment').focus();
    return complain('comment');
  }
  await decide({ decision: 'revise', comment }, 'revised');
}

async function decide(decision, done) {
  complain(null);
  const buttons = document.querySelectorAll('#review button');
  for (const button of buttons) button.disabled = true;
  say('sending');
  const answer = await ask('/decisions', { ...link, ...decision });
  for (const button of buttons) button.disabled = false;
  if (answer.status === 409 || answer.status === 410) return refuse(answer.status);
  if (!answer.ok) {
    say(null);
    return complain(answer.status);
  }
  close(done);
}

async function ask(path, body) {
  try {
    return await fetch(API + path, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
  } catch {
    return { ok: false, status: 0 };
  }
}

// A link that has done its work needs to stand in no history.
function close(key, problem = false) {
  history.replaceState(null, '', location.pathname);
  at('review').hidden = true;
  say(key, problem);
  at('status').classList.add('over');
  at('heading').focus();
}

function refuse(problem) {
  close(problem, true);
}

function say(key, problem = false) {
  said = key === null ? null : { key, problem };
  tell();
}

function complain(key) {
  at('problem').dataset.key = key ?? '';
  tell();
}

function fits(field) {
  const length = field.value.trim().length;
  return length >= field.minLength && length <= field.maxLength;
}

function count(name) {
  const field = at(name);
  const line = at(`${name}-count`);
  line.textContent = TEXTS[language].count(field.value.trim().length, field.minLength, field.maxLength);
  line.toggleAttribute('data-wrong', !fits(field));
}

function tell() {
  const { problems, ...texts } = TEXTS[language];
  const status = at('status');
  status.textContent = said ? (said.problem ? problems[said.key] ?? problems.other : texts[said.key]) : '';
  status.toggleAttribute('data-problem', Boolean(said?.problem));
  const { key } = at('problem').dataset;
  at('problem').textContent = key ? problems[key] ?? problems.other : '';
}

function speak(chosen) {
  language = chosen;
  const texts = TEXTS[language];
  document.documentElement.lang = language;
  document.title = texts.heading;
  for (const button of document.querySelectorAll('[data-language]')) {
    button.setAttribute('aria-pressed', String(button.dataset.language === language));
  }
  for (const part of document.querySelectorAll('[data-text]')) part.textContent = texts[part.dataset.text];
  for (const part of document.querySelectorAll('[data-number]')) part.textContent = texts.candidate(part.dataset.number);
  if (review) {
    const time = new Intl.DateTimeFormat(language, { dateStyle: 'full', timeStyle: 'short' }).format(review.expires * 1000);
    at('deadline').textContent = texts.deadline(time);
    at('rounds').textContent = texts.rounds(review.rounds_left);
    for (const name of SEEN) count(name);
  }
  tell();
}
