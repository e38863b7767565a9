// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace otabahn::gateway {

// How DeleteConnection sends a client away.
struct Departure {
    bool clean_session = false;  // its session ends too
    bool prevent_will = false;
};

}  // namespace otabahn::gateway
