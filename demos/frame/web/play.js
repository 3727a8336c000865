// const film = player(milliseconds, show): play() calls show(share) at every frame, from 0 to 1 in that time, unless
// stop() or another play() comes before.
export function player(milliseconds, show) {
  let playing = 0;
  return {
    play() {
      const mine = performance.now();
      playing = mine;
      requestAnimationFrame(function next(now) {
        if (playing !== mine) return;
        const share = Math.min(1, Math.max(0, (now - mine) / milliseconds));
        show(share);
        if (share < 1) requestAnimationFrame(next);
      });
    },
    stop() {
      playing = 0;
    },
  };
}
