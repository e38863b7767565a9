// SPDX-License-Identifier: Apache-2.0
#include "tls/connected.hpp"

#include <unistd.h>

namespace otabahn::tls {

Descriptor::~Descriptor() {
    if (number_ >= 0) ::close(number_);
}

}  // namespace otabahn::tls
