// What boards of this tab share.

// The colours of the ten classes, told apart on white and on black.
export const CLASS_COLOURS = [
  '#e6194b',
  '#f58231',
  '#d8b400',
  '#7ab800',
  '#1f9d55',
  '#16a3b5',
  '#3b6fe0',
  '#8a4fd3',
  '#d45bb6',
  '#8a6d4b',
];

// Calls act once, when the board first comes into view: what takes seconds is not asked for by opening the tab.
export function whenSeen(board, act) {
  const watcher = new IntersectionObserver((entries) => {
    if (!entries.at(-1).isIntersecting) return;
    watcher.disconnect();
    act();
  });
  watcher.observe(board);
}
