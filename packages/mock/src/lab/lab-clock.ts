import type { Clock } from "../state/state.ts";

/** A clock that the lab can set, move, stop, and run faster or slower. */
export interface LabClock extends Clock {
  /** Jumps to this time and goes on from there. */
  set(time: Date): void;
  /** Jumps by this many seconds. A negative number jumps back. */
  advance(seconds: number): void;
  /** Mock seconds in each real second: 1 is normal, 0 stands still. */
  setRate(rate: number): void;
  readonly rate: number;
  /** How far the clock is ahead of the real one, in seconds. */
  readonly offsetSeconds: number;
  /** What the clock would show if it had not been moved. */
  realNow(): Date;
  /** Returns to the real time. */
  reset(): void;
}

/** @param base shows the real time */
export function createLabClock(base: Clock): LabClock {
  const real = (): number => base.now().getTime();
  let rate = 1;
  /** Since it was moved, the clock runs at `rate` from the time `shown`, which it showed at the real time `at`. */
  let moved: { readonly at: number; readonly shown: number } | undefined;
  const read = (): number => (moved === undefined ? real() : moved.shown + (real() - moved.at) * rate);
  const jump = (shown: number): void => {
    moved = { at: real(), shown };
  };
  return {
    now: () => new Date(read()),
    realNow: () => base.now(),
    set: (time) => jump(time.getTime()),
    advance: (seconds) => jump(read() + seconds * 1000),
    setRate(newRate) {
      jump(read());
      rate = newRate;
    },
    get rate() {
      return rate;
    },
    get offsetSeconds() {
      return (read() - real()) / 1000;
    },
    reset() {
      moved = undefined;
      rate = 1;
    },
  };
}
