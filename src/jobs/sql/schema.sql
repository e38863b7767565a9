-- SPDX-License-Identifier: Apache-2.0
-- Jobs and their executions. Times are milliseconds since 1970; NULL where a thing has not happened.
CREATE TABLE jobs_job (
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    id TEXT NOT NULL,
    sequence BIGINT NOT NULL,          -- order of creation in the account and region
    status TEXT NOT NULL,
    work TEXT NOT NULL,                -- what the service still has to do: '', rollout, cancel
    target_selection TEXT NOT NULL,
    targets TEXT NOT NULL,             -- JSON list of ARNs
    description TEXT,
    document_source TEXT,
    own_host TEXT NOT NULL,            -- the creator's Host: placeholders may name this server by it
    presigned_role TEXT,
    presigned_seconds BIGINT,
    timeout_minutes BIGINT,
    force_canceled BIGINT NOT NULL,
    reason_code TEXT,
    comment TEXT,
    created BIGINT NOT NULL,
    updated BIGINT NOT NULL,
    completed BIGINT,
    document TEXT NOT NULL,            -- last: reading the columns before it touches none of its pages
    PRIMARY KEY (account, region, id)
);
CREATE INDEX jobs_job_sequence ON jobs_job (account, region, sequence);
CREATE INDEX jobs_job_work ON jobs_job (sequence, account, region, id) WHERE work <> '';
CREATE TABLE jobs_group (
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    group_name TEXT NOT NULL,
    job_id TEXT NOT NULL,
    PRIMARY KEY (account, region, group_name, job_id)
);
CREATE TABLE jobs_execution (
    account TEXT NOT NULL,
    region TEXT NOT NULL,
    job_id TEXT NOT NULL,
    thing TEXT NOT NULL,
    number BIGINT NOT NULL,
    job_sequence BIGINT NOT NULL,
    status TEXT NOT NULL,
    pending BIGINT NOT NULL,           -- place in the thing's queue: 1 IN_PROGRESS, 2 QUEUED, 0 ended
    details TEXT NOT NULL,             -- JSON object of strings
    version BIGINT NOT NULL,
    queued BIGINT NOT NULL,
    started BIGINT,
    updated BIGINT NOT NULL,
    in_progress_deadline BIGINT,
    step_deadline BIGINT,
    deadline BIGINT,                   -- the earlier of the two
    force_canceled BIGINT NOT NULL,
    PRIMARY KEY (account, region, job_id, thing, number)
);
CREATE INDEX jobs_execution_queue ON jobs_execution (account, region, thing, pending, queued, job_sequence) WHERE pending > 0;
CREATE INDEX jobs_execution_thing ON jobs_execution (account, region, thing, job_sequence, number);
CREATE INDEX jobs_execution_status ON jobs_execution (account, region, job_id, status, thing, number);
CREATE INDEX jobs_execution_deadline ON jobs_execution (deadline) WHERE deadline IS NOT NULL;
