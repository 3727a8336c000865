// Names of what Gradio's own controls leave without one: each picture among the examples has that of its file.

const OWN = 'Your own photograph';

export const nameOf = (address) =>
  decodeURIComponent(address.split('/').at(-1))
    .replace(/\.\w+$/, '')
    .replaceAll('_', ' ');

function nameAll() {
  for (const example of document.querySelectorAll('button.gallery-item:not([aria-label])')) {
    const picture = example.querySelector('img');
    if (picture) example.setAttribute('aria-label', `Example: ${nameOf(picture.src)}`);
  }
  // what is written on it says as much, and more
  for (const place of document.querySelectorAll('button.upload-container[aria-label]'))
    if (place.textContent.trim()) place.removeAttribute('aria-label');
  for (const own of document.querySelectorAll('.source-selection button[aria-label="Upload file"]'))
    own.setAttribute('aria-label', OWN);
  for (const empty of document.querySelectorAll('.empty[aria-label]:not([role])')) empty.setAttribute('role', 'img');
}

// Names what there is, and what comes later: in the next frame, even on a page that never comes to rest.
export function keepNamed() {
  let asked = false;
  new MutationObserver(() => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      nameAll();
    });
  }).observe(document.body, {subtree: true, childList: true});
  // asks for a file at once, also where there is a picture, which it then replaces
  document.addEventListener('click', ({target}) => {
    const own = target.closest(`.source-selection button[aria-label="${OWN}"]`);
    own?.closest('.image-container')?.querySelector('input[type=file]')?.click();
  });
  nameAll();
}
