// SPDX-License-Identifier: Apache-2.0
// IAM and STS: whose key it is, what a role may. IAM is per account, not per region. Blocking: pool threads only; the program
// owns the one Access, any thread of the pool calls it.
#pragma once

#include "awsapi/caller.hpp"
#include "awsapi/operations.hpp"
#include "base/error.hpp"
#include "runtime/bus.hpp"
#include "runtime/clock.hpp"
#include "runtime/store.hpp"

#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace otabahn::access {

struct AccessKey {
    std::string id, secret;
    AccountId account;
    std::string arn, user_id;
    bool root = false, active = true;
};

class Access {
  public:
    Access(runtime::Store& store, runtime::Bus& bus, const runtime::Clock& clock);
    Access(const Access&) = delete;
    Access& operator=(const Access&) = delete;

    // First start: the account's administrator (root) key is made if it has none. Gives that key.
    Result<AccessKey> ensure_root_key(const AccountId& account);
    // Asked for each HTTP request, so what was found is remembered for 30 s.
    Result<std::optional<AccessKey>> find_key(std::string_view access_key_id);

    // May the caller do this? Root may everything. The refusal is AWS's sentence (spec control-plane 1.8).
    Result<void> check_caller(const awsapi::Caller& caller, std::string_view action, std::string_view resource);
    // May the role be assumed by iot.amazonaws.com (for `source_arn`), i.e. does it exist in the account and trust it? The
    // refusal is invalid_request and says "cannot be assumed by AWS IoT" and which of the two it was.
    Result<void> check_role_trust(const AccountId& account, std::string_view role_arn, std::string_view source_arn);
    // May the role do this? Trust comes first, refused as above; without permission it is access_denied, naming action, ARN
    // and the statement that came nearest.
    Result<void> check_role(const AccountId& account, std::string_view role_arn, std::string_view source_arn, std::string_view action,
                            std::string_view resource);

    void bind_rest(awsapi::Operations& operations);

  private:
    runtime::Store& store_;
    runtime::Bus& bus_;
    const runtime::Clock& clock_;

    struct Remembered {
        AccessKey key;
        Timestamp until;
    };
    std::mutex remembered_mutex_;
    std::map<std::string, Remembered, std::less<>> remembered_;  // bounded; keys that do not exist are never in it
};

}  // namespace otabahn::access
