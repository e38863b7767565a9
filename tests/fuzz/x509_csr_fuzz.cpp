// SPDX-License-Identifier: Apache-2.0
// Certificate signing requests and private keys as clients upload them.
#include "x509/x509.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text = otabahn::as_text({data, size});
    (void)otabahn::x509::parse_csr(text);
    (void)otabahn::x509::PrivateKey::parse_pem(text);
    return 0;
}
