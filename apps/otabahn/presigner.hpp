// SPDX-License-Identifier: Apache-2.0
// Presigned URLs in job documents: made for a device as the job's role would make them.
#pragma once

#include "access/access.hpp"
#include "jobs/jobs.hpp"
#include "objects/objects.hpp"
#include "runtime/clock.hpp"

#include <functional>
#include <string>

namespace otabahn::program {

// `base_url` gives http://host:port as devices reach it; known once the server listens. The role must trust AWS IoT and may
// read the object; the URL is then signed with the account's own key, since this server gives roles no keys.
jobs::Presigner make_presigner(access::Access& access, objects::Objects& objects, const runtime::Clock& clock,
                               std::function<std::string()> base_url);

}  // namespace otabahn::program
