// What the page does by itself: filters the records and orders tables. It makes no element and puts no text together from records.
export const SCRIPT = `
'use strict';
(() => {
  const form = document.getElementById('filter');
  const count = document.getElementById('count');
  const items = [...document.querySelectorAll('.records > li')];
  const texts = items.map((item) => item.textContent.toLowerCase());
  const names = ['kind', 'tool', 'caller', 'tenant', 'rule'];

  function apply() {
    const text = form.elements.text.value.trim().toLowerCase();
    let shown = 0;
    for (const [at, item] of items.entries()) {
      const fits = names.every((name) => form.elements[name].value === '' || form.elements[name].value === item.dataset[name]);
      item.hidden = !(fits && texts[at].includes(text));
      if (!item.hidden) shown += 1;
    }
    count.textContent = shown + ' of ' + items.length + ' shown';
  }

  form.hidden = false;
  form.addEventListener('input', apply);
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('reset', () => setTimeout(apply));
  for (const link of document.querySelectorAll('a[data-only]'))
    link.addEventListener('click', () => {
      form.reset();
      form.elements[link.dataset.only].value = link.dataset.value;
      apply();
    });

  // A record that a link leads to is shown, whatever the filter says.
  function reveal() {
    const target = document.getElementById(location.hash.slice(1));
    if (target === null) return;
    const item = target.closest('.records > li');
    if (item !== null) {
      item.hidden = false;
      item.firstElementChild.open = true;
    }
    if (item !== null || target.classList.contains('drill')) target.focus();
  }
  addEventListener('hashchange', reveal);

  function order(table, column, button) {
    const head = button.parentElement;
    const down = head.ariaSort !== 'descending';
    for (const other of table.querySelectorAll('thead th')) other.removeAttribute('aria-sort');
    head.ariaSort = down ? 'descending' : 'ascending';
    const of = (row) => Number(row.children[column].dataset.sort);
    const rows = [...table.tBodies[0].rows].sort((one, other) => (down ? of(other) - of(one) : of(one) - of(other)));
    table.tBodies[0].append(...rows);
  }
  for (const table of document.querySelectorAll('table'))
    for (const [column, head] of [...table.querySelectorAll('thead th')].entries()) {
      const row = table.tBodies[0].rows[0];
      if (row === undefined || row.children[column].dataset.sort === undefined) continue;
      const button = document.createElement('button');
      button.type = 'button';
      button.textContent = head.textContent;
      button.addEventListener('click', () => order(table, column, button));
      head.replaceChildren(button);
    }
  apply();
  reveal();
})();
`
