import type { Conversation, Message, Permission } from '../types.ts';
import { expect } from './kit.ts';

const address = /^0x[0-9a-fA-F]{40}$/;
const isTime = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) > 1.5e12 && (value as number) < 4e12;
const isText = (value: unknown): value is string => typeof value === 'string' && value !== '';

/** An address with letters of both cases, as EIP-55 writes nearly every one; what it stands for is compared with what the people gave. */
const isAddress = (value: unknown): boolean => typeof value === 'string' && address.test(value) && value !== value.toLowerCase();

function members(value: unknown, what: string, needed: readonly string[], optional: readonly string[] = []): void {
  expect(typeof value === 'object' && value !== null && !Array.isArray(value), `${what} is no object`);
  const names = Object.keys(value as object);
  for (const name of needed) expect(names.includes(name), `${what} has no ${name}`);
  for (const name of names) expect([...needed, ...optional].includes(name), `${what} has a member ${name} that the contract does not know`);
}

export function checkConversation(value: unknown): asserts value is Conversation {
  members(value, 'a Conversation', ['id', 'peers', 'createdAt'], ['conversationId', 'metadata']);
  const { id, peers, createdAt, conversationId, metadata } = value as Conversation;
  expect(isText(id) && !id.startsWith('/xmtp/'), `the id of a Conversation is ${id}`);
  expect(Array.isArray(peers) && peers.length > 0 && peers.every(isAddress), 'peers of a Conversation are no list of EIP-55 addresses');
  expect(isTime(createdAt), `createdAt of a Conversation is ${createdAt}`);
  expect(conversationId === undefined || isText(conversationId), 'conversationId of a Conversation is no text');
  expect(
    metadata === undefined || Object.values(metadata).every((each) => typeof each === 'string'),
    'metadata of a Conversation is no map',
  );
}

export function checkMessage(value: unknown, own: boolean): asserts value is Message {
  const needed = ['id', 'conversation', 'sender', 'sentAt', 'contentType', 'content'];
  members(value, 'a Message', own ? [...needed, 'status'] : needed, ['fallback']);
  const { id, conversation, sender, sentAt, contentType, status } = value as Message;
  expect(typeof id === 'string' && /^[0-9a-f]{64}$/.test(id), `the id of a Message is ${id}`);
  expect(isText(conversation), `the conversation of a Message is ${conversation}`);
  expect(isAddress(sender), `the sender of a Message is ${sender}`);
  expect(isTime(sentAt), `sentAt of a Message is ${sentAt}`);
  expect(/^[^/:]+\/[^/:]+:\d+\.\d+$/.test(contentType), `the contentType of a Message is ${contentType}`);
  if (own) expect(['sent', 'queued', 'failed'].includes(status ?? ''), `the status of a Message is ${status}`);
}

export function checkPermission(value: unknown): asserts value is Permission {
  members(value, 'a Permission', ['kind', 'peers', 'grantedAt', 'expiresAt'], ['conversations', 'contentTypes', 'since']);
  const { kind, peers, grantedAt, expiresAt, since } = value as Permission;
  expect(['send', 'read', 'keystore'].includes(kind), `the kind of a Permission is ${kind}`);
  expect(peers === '*' || (Array.isArray(peers) && peers.every(isAddress)), 'peers of a Permission are neither "*" nor EIP-55 addresses');
  expect(isTime(grantedAt), `grantedAt of a Permission is ${grantedAt}`);
  expect(expiresAt === null || isTime(expiresAt), `expiresAt of a Permission is ${expiresAt}`);
  expect(since === undefined || since === 'now' || since === 'all', `since of a Permission is ${since}`);
}

export function list<T>(value: unknown, what: string, check: (each: unknown) => asserts each is T): T[] {
  expect(Array.isArray(value), `${what} is no list`);
  for (const each of value as unknown[]) check(each);
  return value as T[];
}
