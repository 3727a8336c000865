// The buttons of a training that learns in slices. Nothing runs while nobody asks.
import {whenSeen} from './controls.js';

const ROUNDS = 500; // of a slice, at most

// `begin` is called by whoever comes first, a visitor who sees the board or a click; `step(rounds)` says whether there
// is more to come. `play` runs the training for `lasts` milliseconds, and says `again` afterwards; `one` makes a step.
export function training(board, {play, one, lasts, again, begin, step}) {
  let playing = false;
  let begun = null;

  const started = () => {
    begun ??= begin();
    return begun;
  };

  async function train() {
    await started();
    playing = true;
    play.textContent = 'Pause';
    const began = performance.now();
    while (playing && !document.hidden && board.offsetParent && performance.now() - began < lasts)
      if (!(await step(ROUNDS))) break;
    playing = false;
    play.textContent = again;
  }

  play.addEventListener('click', () => {
    if (playing) playing = false;
    else train();
  });
  one.addEventListener('click', () => {
    playing = false;
    started().then(() => step(1));
  });
  whenSeen(board, started);
  return {
    stop() {
      playing = false;
    },
    runs: () => playing,
  };
}
