import { describe, expect, it, vi } from 'vitest';
import { createNodeStatus } from '../../../src/background/nodes/node-state.ts';

const url = 'http://127.0.0.1:5555';

describe('the state of the node', () => {
  it('is idle until somebody asked, and again after a reset', () => {
    const node = createNodeStatus(url, () => undefined);
    expect(node.read()).toEqual({ url, standsInFor: null, state: 'idle', trouble: null, skew: 0, remaining: null });
    node.ok();
    expect(node.read().state).toBe('connected');
    node.reset(url);
    expect(node.read().state).toBe('idle');
  });

  it('says that the node is away, and what is wrong with it', () => {
    const node = createNodeStatus(url, () => undefined);
    node.failed('unreachable');
    expect(node.read()).toEqual({
      url,
      standsInFor: null,
      state: 'offline',
      trouble: 'unreachable',
      skew: 0,
      remaining: null,
    });
    node.ok();
    expect(node.read().trouble).toBeNull();
  });

  it('does not blame the node for an envelope it refuses', () => {
    const node = createNodeStatus(url, () => undefined);
    node.failed('refused');
    expect(node.read().state).toBe('connected');
  });

  it('names the clock when that is why a token is refused', () => {
    const node = createNodeStatus(url, () => undefined);
    node.skew(-7 * 60_000);
    node.ok();
    expect(node.read().state).toBe('connected');
    node.failed('unauthorised');
    expect(node.read()).toMatchObject({
      state: 'clock',
      trouble: 'clock',
      skew: -7 * 60_000,
    });
    node.skew(0);
    expect(node.read().state).toBe('unauthorised');
  });

  it('shows a catch-up and what remains of it, but trouble first', () => {
    const node = createNodeStatus(url, () => undefined);
    node.syncing({ remaining: 40 });
    expect(node.read()).toMatchObject({ state: 'syncing', remaining: 40 });
    node.failed('unreachable');
    expect(node.read()).toMatchObject({ state: 'offline', remaining: null });
    node.ok();
    node.syncing(null);
    expect(node.read().state).toBe('connected');
  });

  it('tells about changes only', () => {
    const changed = vi.fn();
    const node = createNodeStatus(url, changed);
    node.ok();
    node.ok();
    expect(changed).toHaveBeenCalledTimes(1);
    node.failed('unreachable');
    expect(changed).toHaveBeenCalledTimes(2);
  });
});
