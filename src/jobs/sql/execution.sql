-- SPDX-License-Identifier: Apache-2.0
-- name: insert_execution
INSERT INTO jobs_execution (account, region, job_id, thing, number, job_sequence, status, pending, details, version, queued, updated, force_canceled)
VALUES (:account, :region, :job_id, :thing, :number, :job_sequence, 'QUEUED', 2, '{}', 1, :now, :now, 0)
ON CONFLICT (account, region, job_id, thing, number) DO NOTHING RETURNING number
-- name: update_execution
UPDATE jobs_execution SET status = :status, pending = :pending, details = :details, version = :version, started = :started, updated = :updated,
    in_progress_deadline = :in_progress_deadline, step_deadline = :step_deadline, deadline = :deadline, force_canceled = :force_canceled
WHERE account = :account AND region = :region AND job_id = :job_id AND thing = :thing AND number = :number
-- name: find_execution
SELECT job_id, thing, number, job_sequence, status, details, version, queued, started, updated, in_progress_deadline, step_deadline, force_canceled
FROM jobs_execution WHERE account = :account AND region = :region AND job_id = :job_id AND thing = :thing AND number = :number
-- name: find_latest_execution
SELECT job_id, thing, number, job_sequence, status, details, version, queued, started, updated, in_progress_deadline, step_deadline, force_canceled
FROM jobs_execution WHERE account = :account AND region = :region AND job_id = :job_id AND thing = :thing ORDER BY number DESC LIMIT 1
-- name: list_queue
SELECT job_id, thing, number, job_sequence, status, details, version, queued, started, updated, in_progress_deadline, step_deadline, force_canceled
FROM jobs_execution WHERE account = :account AND region = :region AND thing = :thing AND pending > 0
ORDER BY pending, queued, job_sequence LIMIT :count
-- name: list_due
SELECT account, region, job_id, thing, number FROM jobs_execution WHERE deadline IS NOT NULL AND deadline <= :now ORDER BY deadline LIMIT :count
-- name: list_in_status
SELECT job_id, thing, number, job_sequence, status, details, version, queued, started, updated, in_progress_deadline, step_deadline, force_canceled
FROM jobs_execution WHERE account = :account AND region = :region AND job_id = :job_id AND status = :status
ORDER BY thing, number LIMIT :count
-- name: count_by_status
SELECT status, COUNT(*) FROM jobs_execution WHERE account = :account AND region = :region AND job_id = :job_id GROUP BY status
-- name: list_for_job
SELECT job_id, thing, number, job_sequence, status, details, version, queued, started, updated, in_progress_deadline, step_deadline, force_canceled
FROM jobs_execution WHERE account = :account AND region = :region AND job_id = :job_id
    AND (thing > :after_thing OR (thing = :after_thing AND number > :after_number)) AND (:status = '' OR status = :status)
ORDER BY thing, number LIMIT :count
-- name: list_for_thing
SELECT job_id, thing, number, job_sequence, status, details, version, queued, started, updated, in_progress_deadline, step_deadline, force_canceled
FROM jobs_execution WHERE account = :account AND region = :region AND thing = :thing
    AND (job_sequence < :before_sequence OR (job_sequence = :before_sequence AND number < :before_number))
    AND (:status = '' OR status = :status) AND (:job_id = '' OR job_id = :job_id)
ORDER BY job_sequence DESC, number DESC LIMIT :count
-- name: last_thing
SELECT MAX(thing) FROM jobs_execution WHERE account = :account AND region = :region AND job_id = :job_id
