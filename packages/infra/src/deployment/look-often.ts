/**
 * Makes the `cdk` command look at a stack five times a second. Node.js loads this file into that command first.
 *
 * `cdk` looks every five seconds, and has no flag for that (its library has one, `stackEventPollingInterval`). LocalStack
 * makes the kit's stack in less than a second, so most of a deployment would be waiting. Only timers of exactly five
 * seconds change; if another release of `cdk` waits for another time, it is as slow as without this file.
 */
const CDK_MILLISECONDS = 5000;
const MILLISECONDS = 200;

globalThis.setTimeout = new Proxy(globalThis.setTimeout, {
  apply(setTimeout, self, [callback, milliseconds, ...rest]: unknown[]) {
    const shorter = milliseconds === CDK_MILLISECONDS ? MILLISECONDS : milliseconds;
    return Reflect.apply(setTimeout, self, [callback, shorter, ...rest]);
  },
});
