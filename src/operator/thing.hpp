// SPDX-License-Identifier: Apache-2.0
// `otabahn thing create`: a thing, its certificate and policy, and the bundle that a device runs with.
#pragma once

#include "operator/session.hpp"

#include <string>
#include <vector>

namespace otabahn::operator_tool {

struct CreateThing {
    std::string name, group, out;
    std::vector<std::string> trust;  // PEM files of code-signing certificates
};

Result<void> create_thing(Session& session, const CreateThing& wanted);

}  // namespace otabahn::operator_tool
