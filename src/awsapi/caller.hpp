// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "base/ids.hpp"

#include <string>

namespace otabahn::awsapi {

// Who asks, as the front door established it.
struct Caller {
    Scope scope;      // account of the key; region of the SigV4 scope
    std::string arn;  // arn:aws:iam::A:root, …:user/N, arn:aws:sts::A:assumed-role/R/S
    std::string user_id;
    std::string access_key_id;
    std::string source_ip;
    std::string host;   // Host header: for links in answers
    bool root = false;  // the account itself: everything is allowed
};

}  // namespace otabahn::awsapi
