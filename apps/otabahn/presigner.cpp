// SPDX-License-Identifier: Apache-2.0
#include "apps/otabahn/presigner.hpp"

#include "awsapi/request.hpp"
#include "sigv4/sign.hpp"

#include <utility>

namespace otabahn::program {

jobs::Presigner make_presigner(access::Access& access, objects::Objects& objects, const runtime::Clock& clock,
                               std::function<std::string()> base_url) {
    return [&access, &objects, &clock, base_url = std::move(base_url)](
               const AccountId& account, const std::string& role_arn, const std::string& bucket, const std::string& key,
               const std::optional<std::string>& version_id, std::chrono::seconds life) -> Result<std::string> {
        auto where = objects.find_bucket(bucket);
        if (!where) return Unexpected(where.error());
        if (!*where) return fail(ErrorCode::not_found, "The job document names bucket " + bucket + ", which does not exist.");
        const Scope scope{account, (*where)->region};
        auto allowed = access.check_role(account, role_arn, scope.arn("iot", "job/*"), version_id ? "s3:GetObjectVersion" : "s3:GetObject",
                                         "arn:aws:s3:::" + bucket + "/" + key);
        if (!allowed) return Unexpected(allowed.error());
        auto signing_key = access.ensure_root_key(account);
        if (!signing_key) return Unexpected(signing_key.error());
        const auto base = base_url();
        const auto scheme_end = base.find("://");
        if (scheme_end == std::string::npos)
            return fail(ErrorCode::unavailable, "The server is starting: its address for presigned URLs is not known yet. Ask again.");
        return sigv4::presign_url({.access_key_id = signing_key->id, .secret = signing_key->secret, .session_token = ""},
                                  {.scheme = base.substr(0, scheme_end),
                                   .host = base.substr(scheme_end + 3),
                                   .path = "/" + bucket + "/" + awsapi::percent_encode(key, true),
                                   .query = version_id ? "versionId=" + awsapi::percent_encode(*version_id) : "",
                                   .region = scope.region.text(),
                                   .service = "s3",
                                   .lifetime = life,
                                   .now = clock.now()});
    };
}

}  // namespace otabahn::program
