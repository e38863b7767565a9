// SPDX-License-Identifier: Apache-2.0
// CreateJob and CancelJob (spec jobs 1.7). Blocking.
#pragma once

#include "api/iot.hpp"
#include "jobs/jobs.hpp"

namespace otabahn::jobs {

Result<api::iot::CreateJobResponse> create_job(const Parts& parts, const awsapi::Caller& caller, const api::iot::CreateJobRequest& in);
Result<api::iot::CancelJobResponse> cancel_job(const Parts& parts, const awsapi::Caller& caller, const api::iot::CancelJobRequest& in);

}  // namespace otabahn::jobs
