-- SPDX-License-Identifier: Apache-2.0
-- name: last_sequence
SELECT COALESCE(MAX(sequence), 0) FROM jobs_job WHERE account = :account AND region = :region
-- name: insert_job
INSERT INTO jobs_job (account, region, id, sequence, status, work, target_selection, targets, description, document, document_source,
    own_host, presigned_role, presigned_seconds, timeout_minutes, force_canceled, created, updated)
VALUES (:account, :region, :id, :sequence, :status, :work, :target_selection, :targets, :description, :document, :document_source,
    :own_host, :presigned_role, :presigned_seconds, :timeout_minutes, 0, :created, :created)
ON CONFLICT (account, region, id) DO NOTHING RETURNING id
-- name: insert_group
INSERT INTO jobs_group (account, region, group_name, job_id) VALUES (:account, :region, :group_name, :job_id)
ON CONFLICT (account, region, group_name, job_id) DO NOTHING
-- name: find_job
SELECT id, sequence, status, work, target_selection, targets, description, document, document_source, own_host, presigned_role,
    presigned_seconds, timeout_minutes, force_canceled, reason_code, comment, created, updated, completed
FROM jobs_job WHERE account = :account AND region = :region AND id = :id
-- name: find_timeout
SELECT timeout_minutes FROM jobs_job WHERE account = :account AND region = :region AND id = :id
-- name: list_jobs
SELECT id, sequence, status, work, target_selection, created, updated, completed
FROM jobs_job WHERE account = :account AND region = :region AND sequence < :before
    AND (:status = '' OR status = :status) AND (:target_selection = '' OR target_selection = :target_selection)
ORDER BY sequence DESC LIMIT :count
-- name: list_jobs_of_group
SELECT j.id, j.sequence, j.status, j.work, j.target_selection, j.created, j.updated, j.completed
FROM jobs_group g JOIN jobs_job j ON j.account = g.account AND j.region = g.region AND j.id = g.job_id
WHERE g.account = :account AND g.region = :region AND g.group_name = :group_name AND j.sequence < :before
    AND (:status = '' OR j.status = :status) AND (:target_selection = '' OR j.target_selection = :target_selection)
ORDER BY j.sequence DESC LIMIT :count
-- name: list_work
SELECT account, region, id, work FROM jobs_job WHERE work <> '' ORDER BY sequence LIMIT :count
-- name: end_work
UPDATE jobs_job SET work = '', updated = :now WHERE account = :account AND region = :region AND id = :id AND work = :work
-- name: complete_job
UPDATE jobs_job SET status = 'COMPLETED', updated = :now, completed = :now
WHERE account = :account AND region = :region AND id = :id AND status = 'IN_PROGRESS' AND work = '' AND target_selection = 'SNAPSHOT'
-- name: cancel_job
UPDATE jobs_job SET status = 'CANCELED', work = 'cancel', force_canceled = :force, reason_code = :reason_code, comment = :comment,
    updated = :now, completed = :now
WHERE account = :account AND region = :region AND id = :id
