-- SPDX-License-Identifier: Apache-2.0
-- ACM's imported certificates, Signer's profiles and jobs. All live in (account, region).

-- `private_key` never leaves by any API; whoever may read the database may read it.
CREATE TABLE signer_certificate (
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    certificate_id TEXT NOT NULL,
    certificate TEXT NOT NULL,
    chain TEXT NOT NULL,
    private_key TEXT NOT NULL,
    tags TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    imported_at BIGINT NOT NULL,
    PRIMARY KEY (account, region, certificate_id)
);
CREATE INDEX signer_certificate_by_age ON signer_certificate (account, region, created_at, certificate_id);

CREATE TABLE signer_profile (
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    platform_id TEXT NOT NULL,
    certificate_arn TEXT NOT NULL,
    encryption TEXT NOT NULL,
    hash TEXT NOT NULL,
    image_format TEXT NOT NULL,
    validity_value BIGINT NOT NULL,
    validity_type TEXT NOT NULL,
    parameters TEXT NOT NULL,
    tags TEXT NOT NULL,
    status TEXT NOT NULL,
    PRIMARY KEY (account, region, name)
);

-- What the profile said when the job was started is copied here. `newness` is -created_at: the newest come first.
CREATE TABLE signer_job (
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    job_id TEXT NOT NULL,
    token TEXT NOT NULL,
    newness BIGINT NOT NULL,
    profile_name TEXT NOT NULL,
    profile_version TEXT NOT NULL,
    platform_id TEXT NOT NULL,
    certificate_arn TEXT NOT NULL,
    encryption TEXT NOT NULL,
    hash TEXT NOT NULL,
    image_format TEXT NOT NULL,
    parameters TEXT NOT NULL,
    source_bucket TEXT NOT NULL,
    source_key TEXT NOT NULL,
    source_version TEXT NOT NULL,
    target_bucket TEXT NOT NULL,
    target_prefix TEXT NOT NULL,
    requested_by TEXT NOT NULL,
    status TEXT NOT NULL,
    status_reason TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    completed_at BIGINT,
    PRIMARY KEY (account, region, job_id)
);
CREATE UNIQUE INDEX signer_job_by_token ON signer_job (account, region, token);
CREATE INDEX signer_job_by_age ON signer_job (account, region, newness, job_id);
CREATE INDEX signer_job_by_status ON signer_job (status);
