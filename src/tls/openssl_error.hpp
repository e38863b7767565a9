// SPDX-License-Identifier: Apache-2.0
// What OpenSSL says went wrong on this thread.
#pragma once

#include <string>

namespace otabahn::tls {

std::string last_error();  // and the queue is empty again

}  // namespace otabahn::tls
