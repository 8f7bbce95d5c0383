import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js';
import {
  type PublishRequest,
  PublishRequestSchema,
  type PublishResponse,
  PublishResponseSchema,
} from '../../../src/gen/xmtp/message_api/v1/message_api_pb.ts';

const definition = {
  publish: {
    path: '/xmtp.message_api.v1.MessageApi/Publish',
    requestStream: false,
    responseStream: false,
    requestSerialize: (value: PublishRequest) => Buffer.from(toBinary(PublishRequestSchema, value)),
    requestDeserialize: (bytes: Buffer) => fromBinary(PublishRequestSchema, bytes),
    responseSerialize: (value: PublishResponse) => Buffer.from(toBinary(PublishResponseSchema, value)),
    responseDeserialize: (bytes: Buffer) => fromBinary(PublishResponseSchema, bytes),
  },
} satisfies ServiceDefinition;

/** Publish as grpc-js serves it, with nothing behind it. */
export async function serve(): Promise<number> {
  const server = new Server();
  server.addService(definition, {
    publish: (_call: unknown, answer: (error: null, value: PublishResponse) => void) =>
      answer(null, { $typeName: PublishResponseSchema.typeName } as PublishResponse),
  });
  return new Promise((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => (error ? reject(error) : resolve(port))),
  );
}
