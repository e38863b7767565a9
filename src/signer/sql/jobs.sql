-- SPDX-License-Identifier: Apache-2.0
-- Signing jobs.

-- name: insert_job
INSERT INTO signer_job (account, region, job_id, token, newness, profile_name, profile_version, platform_id, certificate_arn, encryption,
    hash, image_format, parameters, source_bucket, source_key, source_version, target_bucket, target_prefix, requested_by, status,
    status_reason, created_at, completed_at)
VALUES (:account, :region, :job_id, :token, :newness, :profile_name, :profile_version, :platform_id, :certificate_arn, :encryption,
    :hash, :image_format, :parameters, :source_bucket, :source_key, :source_version, :target_bucket, :target_prefix, :requested_by, 'InProgress',
    '', :now, NULL)
ON CONFLICT DO NOTHING RETURNING job_id

-- name: find_job
SELECT account, region, job_id, newness, profile_name, profile_version, platform_id, certificate_arn, encryption, hash, image_format, parameters,
    source_bucket, source_key, source_version, target_bucket, target_prefix, requested_by, status, status_reason, created_at, completed_at
FROM signer_job WHERE account = :account AND region = :region AND job_id = :job_id

-- name: find_job_by_token
SELECT account, region, job_id, newness, profile_name, profile_version, platform_id, certificate_arn, encryption, hash, image_format, parameters,
    source_bucket, source_key, source_version, target_bucket, target_prefix, requested_by, status, status_reason, created_at, completed_at
FROM signer_job WHERE account = :account AND region = :region AND token = :token

-- name: list_jobs
SELECT account, region, job_id, newness, profile_name, profile_version, platform_id, certificate_arn, encryption, hash, image_format, parameters,
    source_bucket, source_key, source_version, target_bucket, target_prefix, requested_by, status, status_reason, created_at, completed_at
FROM signer_job WHERE account = :account AND region = :region AND (newness, job_id) > (:newness, :job_id)
ORDER BY newness, job_id LIMIT :count

-- name: list_unfinished_jobs
SELECT account, region, job_id FROM signer_job WHERE status = 'InProgress' ORDER BY created_at, job_id

-- name: finish_job
UPDATE signer_job SET status = :status, status_reason = :reason, completed_at = :now
WHERE account = :account AND region = :region AND job_id = :job_id AND status = 'InProgress'
