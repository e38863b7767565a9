// SPDX-License-Identifier: Apache-2.0
// The REST rows of this folder. Internal: jobs.cpp binds both.
#pragma once

#include "jobs/jobs.hpp"

namespace otabahn::jobs {

void bind_control(awsapi::Operations& operations, const Parts& parts);  // iot
void bind_data(awsapi::Operations& operations, const Parts& parts);     // iot-jobs-data

}  // namespace otabahn::jobs
