// SPDX-License-Identifier: Apache-2.0
#include "store/engine.hpp"

namespace otabahn::store {

void Session::commit() {
    if (failed_)
        throw runtime::StoreFailure("A statement of the transaction failed and the operation passed over it; nothing is committed.");
    commit_transaction();
}

}  // namespace otabahn::store
