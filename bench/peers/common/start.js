// One process, or as many as WORKERS says.
import cluster from 'node:cluster';

const workers = Number(process.env.WORKERS ?? 0);
/** How many connections each process opens to the database. */
export const POOL_SIZE = Math.max(2, Math.floor(16 / Math.max(1, workers)));

/** Starts `serve(port)`, which gives what stops it, and prints `listening` once all processes do. */
export async function start(serve) {
  if (workers === 0 || cluster.isWorker) {
    const stop = await serve(Number(process.env.PORT));
    if (cluster.isPrimary) console.log('listening');
    process.once('SIGTERM', async () => {
      setTimeout(() => process.exit(0), 1000).unref();
      await stop();
      process.exit(0);
    });
    return;
  }
  let waiting = workers;
  cluster.on('listening', () => --waiting === 0 && console.log('listening'));
  cluster.on('exit', (_, code) => code && process.exit(code));
  for (let n = 0; n < workers; n++) cluster.fork();
  process.once('SIGTERM', () => cluster.disconnect(() => process.exit(0)));
  process.on('SIGTERM', () => Object.values(cluster.workers).forEach((worker) => worker.process.kill('SIGTERM')));
}
