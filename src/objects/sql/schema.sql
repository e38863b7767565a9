-- SPDX-License-Identifier: Apache-2.0
-- Buckets, the versions of their objects, and uploads in parts. Bucket names are global, so they need no account in front.

-- `sequence` grows with every write to the bucket: the row's update serialises writers of one bucket on every engine and
-- gives versions their order.
CREATE TABLE objects_bucket (
    name TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    versioning TEXT NOT NULL,
    sequence BIGINT NOT NULL,
    created_at BIGINT NOT NULL
);
CREATE INDEX objects_bucket_by_account ON objects_bucket (account, name);

-- `newness` is -sequence, so that the newest version of a key comes first. `role`: 0 an older version, 1 the current one,
-- 2 a delete marker that is current; a listing of current objects reads rows of role 1 and nothing else.
-- `content`: 'blob:ID' or 'upload:ID' (the parts of that upload); empty for a delete marker.
CREATE TABLE objects_version (
    bucket TEXT NOT NULL,
    object_key TEXT NOT NULL,
    newness BIGINT NOT NULL,
    version_id TEXT NOT NULL,
    role BIGINT NOT NULL,
    is_marker BIGINT NOT NULL,
    etag TEXT NOT NULL,
    size BIGINT NOT NULL,
    content TEXT NOT NULL,
    parts BIGINT NOT NULL,
    headers TEXT NOT NULL,
    metadata TEXT NOT NULL,
    tags TEXT NOT NULL,
    checksums TEXT NOT NULL,
    checksum_scope TEXT NOT NULL,
    modified_at BIGINT NOT NULL,
    PRIMARY KEY (bucket, object_key, newness)
);
CREATE UNIQUE INDEX objects_version_by_id ON objects_version (bucket, object_key, version_id);
CREATE INDEX objects_version_by_role ON objects_version (bucket, role, object_key);
CREATE INDEX objects_version_by_content ON objects_version (content);

-- An upload lives on after its completion, as the list of parts of the object that it became.
CREATE TABLE objects_upload (
    upload_id TEXT NOT NULL PRIMARY KEY,
    bucket TEXT NOT NULL,
    object_key TEXT NOT NULL,
    account TEXT NOT NULL,
    initiator TEXT NOT NULL,
    headers TEXT NOT NULL,
    metadata TEXT NOT NULL,
    tags TEXT NOT NULL,
    checksum_kind TEXT NOT NULL,
    checksum_scope TEXT NOT NULL,
    state TEXT NOT NULL,
    version_id TEXT NOT NULL,
    touched BIGINT NOT NULL,
    initiated_at BIGINT NOT NULL
);
CREATE INDEX objects_upload_by_key ON objects_upload (bucket, state, object_key, upload_id);

CREATE TABLE objects_part (
    upload_id TEXT NOT NULL,
    part_number BIGINT NOT NULL,
    blob_id TEXT NOT NULL,
    size BIGINT NOT NULL,
    md5 TEXT NOT NULL,
    checksums TEXT NOT NULL,
    modified_at BIGINT NOT NULL,
    PRIMARY KEY (upload_id, part_number)
);
CREATE INDEX objects_part_by_blob ON objects_part (blob_id);
