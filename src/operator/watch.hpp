// SPDX-License-Identifier: Apache-2.0
// `otabahn watch`: follows a job until it has ended, a bar a device while they are few.
#pragma once

#include "operator/session.hpp"

#include <string>

namespace otabahn::operator_tool {

// The exit code: 0 only if every execution SUCCEEDED; 130 after Ctrl-C, which leaves the job running. `about` joins the result.
Result<int> watch(Session& session, const std::string& job, boost::json::object about);

}  // namespace otabahn::operator_tool
