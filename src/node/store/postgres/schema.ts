/** Step N leads from version N to N+1, as in `migrations.ts`. Topics are compared byte by byte, as everywhere. */
export const steps: readonly string[] = [
  `
  CREATE TABLE meta (
    name text PRIMARY KEY,
    value bytea NOT NULL
  );
  -- 16 random bytes.
  INSERT INTO meta (name, value) VALUES ('id', uuid_send(gen_random_uuid()));
  -- What is taken off transaction numbers, so that sequence numbers begin small.
  INSERT INTO meta (name, value) VALUES ('base', int8send(pg_current_xact_id()::text::bigint - 1));

  -- The sequence number is made of the transaction and the place in it, so that everything below the oldest running transaction is final.
  CREATE TABLE envelope (
    seq bigint PRIMARY KEY,
    topic text COLLATE "C" NOT NULL,
    ts bigint NOT NULL,
    digest bytea NOT NULL,
    received bigint NOT NULL,
    message bytea NOT NULL,
    UNIQUE (topic, ts, digest)
  );
  CREATE INDEX envelope_topic_seq ON envelope (topic, seq);

  CREATE TABLE contact (
    topic text COLLATE "C" PRIMARY KEY,
    created bigint NOT NULL,
    keys bytea NOT NULL,
    versions integer NOT NULL,
    ts bigint NOT NULL
  );
  CREATE TABLE contact_row (
    seq bigint PRIMARY KEY REFERENCES envelope (seq) ON DELETE CASCADE,
    topic text COLLATE "C" NOT NULL,
    created bigint NOT NULL,
    keys bytea NOT NULL,
    version integer NOT NULL
  );
  CREATE INDEX contact_row_topic ON contact_row (topic);
  `,
];

/** Only one node at a time looks after the shape. */
export const schemaLock = 7_021_994_551;

/** Rows of one transaction. The sequence numbers stay exact in JavaScript for 2^40 transactions. */
export const rowsPerTransaction = 8192;
