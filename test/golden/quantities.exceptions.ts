/** Cases of autoscaler/quantities.jsonl that ebb answers otherwise, and why. */
const overflow = "beyond int64 Kubernetes answers with what its overflow leaves; ebb keeps exact numbers";
export const quantityExceptions: Readonly<Record<string, string>> = {
  "quantity-0035": overflow,
  "quantity-0076": overflow,
  "quantity-0082": overflow,
  "quantity-0174": overflow,
  "quantity-0194": overflow,
  "quantity-0199": overflow,
  "quantity-0229": overflow,
  "quantity-0243": overflow,
  "quantity-0248": overflow,
  "quantity-0249": overflow,
  "quantity-0260": overflow,
  "quantity-0309": overflow,
  "quantity-0318": overflow,
  "quantity-0319": overflow,
  "quantity-0321": overflow,
};
