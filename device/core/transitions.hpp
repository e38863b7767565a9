// SPDX-License-Identifier: Apache-2.0
// The update, whole, as one table: in this state, on this event, if the guard holds, do that and be there. The first row that
// fits is taken; an event without a row changes nothing in that state. Owned by Update; a test walks the same rows.
#pragma once

#include "device/core/update.hpp"

#include <span>

namespace otabahn::device {

struct Transition {
    State from;
    Event on;
    bool (Update::*guard)() const;  // null: always
    void (Update::*act)();
    State to;
};

struct Table {
    // As it is written; a test walks it.
    static std::span<const Transition> rows();
    // Takes the first row that fits, if there is one.
    static void take(Update& update, Event event);

  private:
    struct Written;
};

}  // namespace otabahn::device
