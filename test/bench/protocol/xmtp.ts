import './buffer.ts';

export * from '@xmtp/xmtp-js/browser';
